//! Cascades of boosted classifiers, as OpenCV keeps them in XML.
//!
//! P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple features", 2001. What the files hold is told by
//! OpenCV's `traincascade`; only Haar features that are not tilted are read.

use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::events::Event;

use super::error::PhotoError;

/// Where Debian's package `opencv-data` puts its cascades.
pub const CASCADES: &str = "/usr/share/opencv4/haarcascades";

/// Stages are passed by what is this little below their threshold.
const MARGIN: f32 = 1e-5;

/// A rectangle of a window and what the sum of its samples weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rectangle {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) weight: f32,
}

/// Where a comparison leads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Branch {
    /// To another node of the tree.
    Node(usize),
    /// To an end, with this value.
    Leaf(f32),
}

/// One comparison of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    pub(super) feature: usize,
    pub(super) threshold: f32,
    pub(super) below: Branch,
    pub(super) above: Branch,
}

/// Trees whose values must sum up to a threshold.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Stage {
    pub(super) threshold: f32,
    pub(super) trees: Vec<Vec<Node>>,
}

/// A detector of one kind of thing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cascade {
    /// Samples across and down of the window it was taught with.
    pub(super) window: (usize, usize),
    pub(super) stages: Vec<Stage>,
    pub(super) features: Vec<Vec<Rectangle>>,
}

impl Cascade {
    /// Reads the cascade `name` of a directory.
    pub(super) fn read(directory: &Path, name: &str) -> Result<Self, PhotoError> {
        let file: PathBuf = directory.join(name);
        let failed = |reason: String| PhotoError::Cascade {
            file: file.clone(),
            reason,
        };
        let xml = std::fs::read_to_string(&file).map_err(|error| failed(error.to_string()))?;
        Self::parse(&xml).map_err(failed)
    }

    /// Reads a cascade from XML.
    pub(super) fn parse(xml: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(xml);
        let mut path: Vec<String> = Vec::new();
        let mut text = String::new();
        let mut draft = Draft::default();
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    path.push(start.name().as_ref().to_owned());
                    text.clear();
                }
                Event::Text(piece) => {
                    text.push_str(piece.as_ref());
                }
                Event::End(_) => {
                    let names: Vec<&str> = path.iter().map(String::as_str).collect();
                    if let ["opencv_storage", "cascade", rest @ ..] = names.as_slice() {
                        draft.take(rest, text.trim())?;
                    }
                    path.pop();
                    text.clear();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        draft.finish()
    }
}

/// A cascade half read.
#[derive(Default)]
struct Draft {
    cascade: Cascade,
    threshold: f32,
    trees: Vec<Vec<Node>>,
    nodes: Vec<f32>,
    rectangles: Vec<Rectangle>,
}

impl Draft {
    /// Takes the element at `path`, which ends here.
    fn take(&mut self, path: &[&str], text: &str) -> Result<(), String> {
        match path {
            ["featureType"] if text != "HAAR" => return Err(format!("its features are {text}")),
            ["width"] => self.cascade.window.0 = number(text)?,
            ["height"] => self.cascade.window.1 = number(text)?,
            ["stages", "_", "stageThreshold"] => self.threshold = number(text)?,
            ["stages", "_", "weakClassifiers", "_", "internalNodes"] => {
                self.nodes = numbers(text)?;
            }
            ["stages", "_", "weakClassifiers", "_", "leafValues"] => {
                self.trees.push(tree(&self.nodes, &numbers(text)?)?);
            }
            ["stages", "_"] => self.cascade.stages.push(Stage {
                threshold: self.threshold - MARGIN,
                trees: std::mem::take(&mut self.trees),
            }),
            ["features", "_", "rects", "_"] => self.rectangles.push(rectangle(text)?),
            ["features", "_", "tilted"] if text != "0" => {
                return Err("it has tilted features".to_owned());
            }
            ["features", "_"] => {
                let rectangles = std::mem::take(&mut self.rectangles);
                self.cascade.features.push(rectangles);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Cascade, String> {
        let cascade = self.cascade;
        let (width, height) = cascade.window;
        if !(4..=256).contains(&width) || !(4..=256).contains(&height) {
            return Err(format!("its window has {width}×{height} samples"));
        }
        let fits = |place: &Rectangle| {
            let (right, bottom) = (place.x + place.width, place.y + place.height);
            right as usize <= width && bottom as usize <= height
        };
        if !cascade.features.iter().flatten().all(fits) {
            return Err("a feature reaches beyond its window".to_owned());
        }
        let trees = cascade.stages.iter().flat_map(|stage| &stage.trees);
        if trees
            .flatten()
            .any(|node| node.feature >= cascade.features.len())
        {
            return Err("a feature is missing".to_owned());
        }
        if cascade.stages.is_empty() {
            return Err("there is no cascade in it".to_owned());
        }
        Ok(cascade)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("\"{text}\" is no number"))
}

fn numbers(text: &str) -> Result<Vec<f32>, String> {
    text.split_whitespace().map(number).collect()
}

fn rectangle(text: &str) -> Result<Rectangle, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [x, y, width, height, weight] = parts.as_slice() else {
        return Err(format!("\"{text}\" is no rectangle"));
    };
    // Kept far from where sums of sides would overflow.
    let side = |text: &str| Ok::<u32, String>(u32::from(number::<u8>(text)?));
    Ok(Rectangle {
        x: side(x)?,
        y: side(y)?,
        width: side(width)?,
        height: side(height)?,
        weight: number(weight)?,
    })
}

/// A tree from rows of four: below, above, feature, threshold. What is above zero names a node, the rest a leaf. Nodes
/// lead to later ones only, so that every walk ends.
fn tree(rows: &[f32], leaves: &[f32]) -> Result<Vec<Node>, String> {
    let (rows, []) = rows.as_chunks::<4>() else {
        return Err("a tree breaks off".to_owned());
    };
    let branch = |to: f32, from: usize| {
        if to > 0.0 {
            let to = to as usize;
            let later = to > from && to < rows.len();
            return later.then_some(Branch::Node(to));
        }
        leaves.get(-to as usize).copied().map(Branch::Leaf)
    };
    let nodes = rows.iter().enumerate().map(|(n, row)| {
        let [below, above, feature, threshold] = *row;
        Some(Node {
            feature: feature as usize,
            threshold,
            below: branch(below, n)?,
            above: branch(above, n)?,
        })
    });
    let nodes: Option<Vec<Node>> = nodes.collect();
    nodes
        .filter(|nodes| !nodes.is_empty())
        .ok_or_else(|| "a tree leads nowhere".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "<opencv_storage><cascade><featureType>HAAR</featureType><height>20</height><width>18</width>
        <stages><_><stageThreshold>0.5</stageThreshold><weakClassifiers><_>
        <internalNodes>0 1 0 0.25 -1 -2 0 0.125</internalNodes><leafValues>1. 2. 3.</leafValues></_></weakClassifiers></_>
        </stages><features><_><rects><_>1 2 3 4 -1.</_><_>1 2 3 2 2.</_></rects><tilted>0</tilted></_></features>
        </cascade></opencv_storage>";

    #[test]
    fn trees_lead_to_leaves() {
        let cascade = Cascade::parse(SMALL).unwrap();
        assert_eq!(cascade.window, (18, 20));
        assert_eq!(cascade.features.len(), 1);
        assert_eq!(cascade.features[0][1].weight, 2.0);
        let tree = &cascade.stages[0].trees[0];
        assert_eq!(tree[0].below, Branch::Leaf(1.0));
        assert_eq!(tree[0].above, Branch::Node(1));
        assert_eq!(tree[1].below, Branch::Leaf(2.0));
        assert_eq!(tree[1].above, Branch::Leaf(3.0));
    }

    #[test]
    fn what_is_no_cascade_is_refused() {
        for (from, to) in [
            ("HAAR", "LBP"),
            ("<tilted>0", "<tilted>1"),
            ("0 1 0 0.25", "0 2 0 0.25"),
            ("0 1 0 0.25", "0 0 0 0.25"),
            ("-1 -2 0", "-1 -3 0"),
            ("0 0.125", "7 0.125"),
            ("1 2 3 4", "1 2 30 4"),
            ("1 2 3 4", "1 2 -3 4"),
            ("0.5</stage", "none</stage"),
            ("<width>18", "<width>999"),
            ("stages>", "steps>"),
        ] {
            let changed = SMALL.replace(from, to);
            // A node that leads back is taken for a leaf, which is why zero is no error by itself.
            let refused = Cascade::parse(&changed).is_err();
            assert_eq!(refused, to != "0 0 0 0.25", "{from} → {to}");
        }
        assert!(Cascade::parse("").is_err());
        assert!(Cascade::parse("<opencv_storage>").is_err());
    }
}
