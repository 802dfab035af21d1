//! As much of ONNX's file format as a small network needs: Protocol Buffers, written by hand.
//!
//! Source: `onnx.proto` of ONNX 1.14 (format 8); fields are given by their numbers there.

/// A message of Protocol Buffers as it is written.
#[derive(Default, Clone)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// `TensorProto.DataType`.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    Float = 1,
    Int64 = 7,
}

/// A network being put together.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<Message>,
    constants: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
}

impl Graph {
    /// An operator with its inputs, the name of its only output, and its attributes.
    pub(crate) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, i64)],
    ) {
        let mut node = Message::default();
        for input in inputs {
            node = node.bytes(1, input.as_bytes());
        }
        node = node
            .bytes(2, output.as_bytes())
            .bytes(4, operator.as_bytes());
        for (name, value) in attributes {
            // AttributeProto: name, i, type INT.
            let attribute = Message::default().bytes(1, name.as_bytes());
            let attribute = attribute.number(3, value.cast_unsigned()).number(20, 2);
            node = node.message(5, &attribute);
        }
        self.nodes.push(node);
    }

    pub(crate) fn floats(&mut self, name: &str, shape: &[u64], values: &[f32]) {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, shape, Type::Float, &raw);
    }

    pub(crate) fn integers(&mut self, name: &str, shape: &[u64], values: &[i64]) {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, shape, Type::Int64, &raw);
    }

    fn constant(&mut self, name: &str, shape: &[u64], kind: Type, raw: &[u8]) {
        let mut tensor = Message::default();
        for size in shape {
            tensor = tensor.number(1, *size);
        }
        let tensor = tensor.number(2, kind as u64).bytes(8, name.as_bytes());
        self.constants.push(tensor.bytes(9, raw));
    }

    pub(crate) fn input(&mut self, name: &str, kind: Type, shape: &[&str]) {
        self.inputs.push(value(name, kind, shape));
    }

    pub(crate) fn output(&mut self, name: &str, kind: Type, shape: &[&str]) {
        self.outputs.push(value(name, kind, shape));
    }

    /// The file.
    pub(crate) fn model(self) -> Vec<u8> {
        let mut graph = Message::default();
        for node in &self.nodes {
            graph = graph.message(1, node);
        }
        graph = graph.bytes(2, b"small voice");
        for (field, messages) in [
            (5, &self.constants),
            (11, &self.inputs),
            (12, &self.outputs),
        ] {
            for message in messages {
                graph = graph.message(field, message);
            }
        }
        let operators = Message::default().bytes(1, b"").number(2, 13);
        let model = Message::default().number(1, 8).message(7, &graph);
        model.message(8, &operators).0
    }
}

/// A `ValueInfoProto`. Sizes that are no numbers are names.
fn value(name: &str, kind: Type, shape: &[&str]) -> Message {
    let mut sizes = Message::default();
    for size in shape {
        let dimension = match size.parse() {
            Ok(size) => Message::default().number(1, size),
            Err(_) => Message::default().bytes(2, size.as_bytes()),
        };
        sizes = sizes.message(1, &dimension);
    }
    let tensor = Message::default().number(1, kind as u64).message(2, &sizes);
    let kind = Message::default().message(1, &tensor);
    Message::default()
        .bytes(1, name.as_bytes())
        .message(2, &kind)
}
