//! Documents of SSML as what is said, in which manner, with which silences.
#![allow(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

use avatar_core::language::Language;
use avatar_core::text::{Manner, Piece, Pieces, Sentence, SsmlError, is_ssml};
use avatar_core::time::Samples;
use proptest::prelude::*;

fn read(document: &str) -> Result<Vec<Piece>, SsmlError> {
    let mut pieces = Pieces::default();
    pieces.push_ssml(document)?;
    pieces.finish();
    Ok(pieces.collect())
}

/// What is said, with silences in milliseconds, and marks for what goes on (~) and for the ends of paragraphs (¶).
fn told(document: &str) -> String {
    let pieces = read(document).unwrap();
    let told = pieces.iter().map(|piece| match piece {
        Piece::Pause(length) => format!("<{}>", length.0 / 48),
        Piece::Sentence(sentence) => {
            let goes_on = if sentence.manner.goes_on { "~" } else { "" };
            let paragraph = if sentence.paragraph_end { "¶" } else { "" };
            format!("{}{goes_on}{paragraph}", sentence.text)
        }
    });
    told.collect::<Vec<_>>().join("|")
}

fn said(document: &str) -> Vec<Sentence> {
    let sentences = read(document).unwrap().into_iter();
    sentences
        .filter_map(|piece| match piece {
            Piece::Sentence(sentence) => Some(sentence),
            Piece::Pause(_) => None,
        })
        .collect()
}

#[test]
fn breaks_are_silences() {
    assert_eq!(
        told("<speak>One. Two <break time='300ms'/> three.<break strength=\"strong\"/></speak>"),
        "One.|Two~|<300>|three.|<700>"
    );
    assert_eq!(
        told("<speak><break/>Hello<break strength='none'/> there</speak>"),
        "<400>|Hello there¶"
    );
    // No document is silent for hours.
    let silent = format!("<speak>a{}</speak>", "<break time='10s'/>".repeat(100));
    let length: u64 = read(&silent)
        .unwrap()
        .iter()
        .map(|piece| match piece {
            Piece::Pause(length) => length.0,
            Piece::Sentence(_) => 0,
        })
        .sum();
    assert_eq!(Samples(length), Samples::from_millis(120_000));
}

#[test]
fn paragraphs_and_sentences_are_those_of_the_document() {
    assert_eq!(
        told("<speak><p>One. Two.</p><p><s>Three four</s><s>five</s></p>six</speak>"),
        "One.|Two.¶|Three four|five¶|six¶"
    );
}

#[test]
fn prosody_becomes_a_manner() {
    let document = "<speak>a <prosody rate='slow' pitch='+2st'>b <prosody rate='200%' volume='-6dB'>c</prosody></prosody>, d</speak>";
    let found: Vec<_> = said(document)
        .into_iter()
        .map(|Sentence { text, manner, .. }| {
            (
                text,
                manner.rate,
                manner.pitch,
                manner.volume,
                manner.goes_on,
            )
        })
        .collect();
    let row =
        |text: &str, rate, pitch, volume, goes_on| (text.to_owned(), rate, pitch, volume, goes_on);
    assert_eq!(
        found,
        [
            row("a", 100, 0, 0, true),
            row("b", 75, 200, 0, true),
            row("c,", 150, 200, -60, true),
            row("d", 100, 0, 0, false),
        ]
    );
    // Nobody speaks a thousand times as fast.
    let fast =
        said("<speak><prosody rate='9000%' pitch='+99st' volume='+99dB'>a</prosody></speak>");
    assert_eq!(
        (
            fast[0].manner.rate,
            fast[0].manner.pitch,
            fast[0].manner.volume
        ),
        (300, 1_200, 60)
    );
    assert!(
        (Manner {
            volume: -60,
            ..Manner::default()
        }
        .gain()
            - 0.501)
            .abs()
            < 0.001
    );
}

#[test]
fn what_is_to_be_spelled_is_spelled() {
    for (document, wanted) in [
        (
            "<speak>Code <say-as interpret-as='characters'>A7</say-as>.</speak>",
            "Code A, 7.¶",
        ),
        (
            "<speak><say-as interpret-as='digits'>1984</say-as></speak>",
            "1 9 8 4¶",
        ),
        (
            "<speak><say-as interpret-as='date' format='dmy'>1.5.2024</say-as></speak>",
            "1.5.2024¶",
        ),
        (
            "<speak><sub alias='Kazakhstan'>KZ</sub> is wide</speak>",
            "Kazakhstan is wide¶",
        ),
        (
            "<speak><emphasis level='strong'>Not</emphasis> me</speak>",
            "Not me¶",
        ),
    ] {
        assert_eq!(told(document), wanted);
    }
}

#[test]
fn languages_are_those_of_the_document() {
    let languages: Vec<_> = said(
        "<speak xml:lang='ru-RU'>Слово <lang xml:lang='en'>hello</lang> и <lang xml:lang='fr'>bonjour</lang></speak>",
    )
    .into_iter()
    .map(|sentence| (sentence.text, sentence.language))
    .collect();
    let row = |text: &str, language| (text.to_owned(), Some(language));
    assert_eq!(
        languages,
        [
            row("Слово", Language::Ru),
            row("hello", Language::En),
            row("и bonjour", Language::Ru)
        ]
    );
}

#[test]
fn what_is_not_known_is_looked_through() {
    for (document, wanted) in [
        (
            "<speak><mark name='x'/>He<b>ll</b>o <amazon:effect name='whispered'>you</amazon:effect></speak>",
            "Hello you¶",
        ),
        (
            "<?xml version='1.0'?>\n<speak version='1.1' xmlns='http://www.w3.org/2001/10/synthesis'>a</speak>",
            "a¶",
        ),
        (
            "<speak>1 &lt; 2 &amp; <![CDATA[<b>]]> &#x41;</speak>",
            "1 < 2 & <b> A¶",
        ),
        (
            "<speak><!-- no --><metadata>about</metadata>a<audio src='x'><desc>a bell</desc>b</audio></speak>",
            "ab¶",
        ),
        ("<speak>  one\n two  </speak>", "one two¶"),
    ] {
        assert_eq!(told(document), wanted);
    }
}

#[test]
fn what_is_no_document_is_refused() {
    let deep = format!("<speak>{}{}</speak>", "<p>".repeat(100), "</p>".repeat(100));
    for document in [
        "",
        "hello",
        "<p>hello</p>",
        "<speak>hello",
        "<speak><p>hello</speak>",
        "<speak>a</speak><speak>b</speak>",
        "<speak>&nbsp;</speak>",
        "<speak a=b>c</speak>",
        "<speak>R&D</speak>",
        "<!DOCTYPE speak [<!ENTITY a 'aaaaaaaaaa'>]><speak>&a;</speak>",
        deep.as_str(),
    ] {
        assert!(read(document).is_err(), "{document}");
    }
}

#[test]
fn only_what_begins_like_one_claims_to_be_one() {
    for document in [
        "<speak>",
        " \n<speak version='1.0'>",
        "<?xml version='1.0'?> <speak/>",
        "\u{feff}<speak>",
    ] {
        assert!(is_ssml(document), "{document}");
    }
    for text in ["", "speak", "<speaker>", "Say <speak>", "<?xml", "<p>"] {
        assert!(!is_ssml(text), "{text}");
    }
}

#[test]
fn a_document_may_be_mixed() {
    let mut pieces = Pieces::mixed(Language::Ru);
    pieces
        .push_ssml("<speak>Слово hello. <lang xml:lang='ru'>Слово hello.</lang></speak>")
        .unwrap();
    pieces.finish();
    let languages: Vec<_> = pieces
        .map(|piece| match piece {
            Piece::Sentence(sentence) => (
                sentence.text,
                sentence.language.unwrap(),
                sentence.manner.goes_on,
            ),
            Piece::Pause(_) => unreachable!(),
        })
        .collect();
    let row = |text: &str, language, goes_on| (text.to_owned(), language, goes_on);
    assert_eq!(
        languages,
        [
            row("Слово", Language::Ru, true),
            row("hello.", Language::En, false),
            row("Слово hello.", Language::Ru, false),
        ]
    );
}

/// A document and the letters in it that are to be said.
fn documents() -> impl Strategy<Value = (String, String)> {
    let text = "[a-zа-я0-9 .,!?]{1,20}".prop_map(|text| (text.clone(), text));
    let leaf = prop_oneof![
        4 => text,
        1 => Just(("<break time='100ms'/>".to_owned(), String::new())),
        1 => Just(("<!-- nothing -->".to_owned(), String::new())),
        1 => Just(("&amp;".to_owned(), String::new())),
    ];
    let inner = leaf.prop_recursive(5, 40, 6, |inner| {
        let tags = prop::sample::select(vec![
            ("<p>", "</p>"),
            ("<s>", "</s>"),
            ("<prosody rate='fast'>", "</prosody>"),
            ("<prosody volume='soft'>", "</prosody>"),
            ("<lang xml:lang='kk'>", "</lang>"),
            ("<emphasis>", "</emphasis>"),
            ("<x:y z='1'>", "</x:y>"),
        ]);
        (tags, prop::collection::vec(inner, 0..6)).prop_map(|((open, close), inner)| {
            let (documents, texts): (Vec<_>, Vec<_>) = inner.into_iter().unzip();
            (
                format!("{open}{}{close}", documents.concat()),
                texts.concat(),
            )
        })
    });
    inner.prop_map(|(inner, text)| (format!("<speak>{inner}</speak>"), text))
}

proptest! {
    #[test]
    fn no_text_is_lost((document, text) in documents(), mixed in any::<bool>()) {
        let mut pieces = if mixed { Pieces::mixed(Language::En) } else { Pieces::default() };
        let characters = pieces.push_ssml(&document).unwrap();
        pieces.finish();
        let mut said = String::new();
        for piece in pieces {
            if let Piece::Sentence(sentence) = piece {
                prop_assert!(sentence.text.chars().any(char::is_alphanumeric));
                said.push_str(&sentence.text);
            }
        }
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
        prop_assert_eq!(letters(&said), letters(&text));
        prop_assert!(characters >= letters(&text).len() / 2);
    }

    #[test]
    fn no_document_panics(document in "\\PC{0,200}", tags in "[<>/a-z'=&;! -]{0,80}") {
        let _ = read(&document);
        let _ = read(&format!("<speak>{tags}</speak>"));
        let _ = read(&format!("<speak><prosody rate='{tags}'>a</prosody><break time='{tags}'/></speak>"));
        let _ = is_ssml(&document);
    }
}
