//! Text into sentences.

use avatar_core::text::{LONGEST, Sentences, sentences, speakable};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

/// Each line of `expected` is one sentence.
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = sentences(text)
        .into_iter()
        .map(|found| found.text)
        .collect();
    assert_eq!(found, expected, "in {text:?}");
}

#[test]
fn russian() {
    check(
        "Привет! Как дела? Хорошо.",
        &["Привет!", "Как дела?", "Хорошо."],
    );
    check(
        "А. С. Пушкин родился в 1799 г. в Москве, т. е. давно. Он писал стихи, поэмы и т. д. Потом умер.",
        &[
            "А. С. Пушкин родился в 1799 г. в Москве, т. е. давно.",
            "Он писал стихи, поэмы и т. д.",
            "Потом умер.",
        ],
    );
    check(
        "Живу на ул. Ленина, д. 5, кв. 7. Рядом парк.",
        &["Живу на ул. Ленина, д. 5, кв. 7.", "Рядом парк."],
    );
    check(
        "Это было в 2020 г. Он уехал в г. Тверь.",
        &["Это было в 2020 г.", "Он уехал в г. Тверь."],
    );
    check(
        "Были яблоки, груши и др. Но слив не было.",
        &["Были яблоки, груши и др.", "Но слив не было."],
    );
    check(
        "«Стой!» — крикнул он. «Кто там?» Никто.",
        &["«Стой!» — крикнул он.", "«Кто там?»", "Никто."],
    );
    check(
        "Ну… да. Что ж... Пойдём?! Да!!!",
        &["Ну… да.", "Что ж...", "Пойдём?!", "Да!!!"],
    );
    check(
        "Цена 3.14 руб. Дата 25.05.2024, время 10.30. Всё.",
        &["Цена 3.14 руб.", "Дата 25.05.2024, время 10.30.", "Всё."],
    );
    check(
        "Это я. Он — там. Дом в XIX в. Сейчас музей.",
        &["Это я.", "Он — там.", "Дом в XIX в.", "Сейчас музей."],
    );
    check(
        "Привет.Как дела?Хорошо.",
        &["Привет.", "Как дела?", "Хорошо."],
    );
    check(
        "(Он пришёл.) Она ушла. [Конец.]",
        &["(Он пришёл.)", "Она ушла.", "[Конец.]"],
    );
    check("– Да. – Нет. – Почему?", &["– Да.", "– Нет.", "– Почему?"]);
}

#[test]
fn words_that_are_abbreviations_too_end_sentences() {
    for (first, second) in [
        ("Всё ок.", "Пойдём."),
        ("Я ем рис.", "Он вкусный."),
        ("Это ген.", "Он важен."),
        ("Я дал им.", "Они ушли."),
        ("Он был нем.", "Она молчала."),
        ("Нет тел.", "Полиция уехала."),
        ("Это мой зам.", "Он придёт."),
        ("Далада қар.", "Ол ақ."),
        ("Бұл мыс.", "Ол қымбат."),
        ("Витамин С.", "Он полезен."),
        ("He is a rep.", "She knows."),
        ("It is 6 ft.", "Then it ends."),
        ("We met in Oct.", "Leaves fell."),
        ("He lives on Main St.", "She does not."),
        ("She moved to the U.S.", "It was cold."),
        ("She got an A.", "He did not."),
    ] {
        check(&format!("{first} {second}"), &[first, second]);
    }
    for whole in [
        "См. рис. 5 и табл. А.",
        "МГУ им. Ломоносова, театр им. А. С. Пушкина.",
        "Живу в г. Алматы, ул. Абая.",
        "Это г. В. Иванов.",
        "Ок. 5 км, тел. +7 700.",
        "Rep. Smith met Gen. Lee at Ft. Worth in St. Louis.",
        "On Oct. 5 the U.S. Army left.",
        "It is 6 ft. 2 in. tall.",
    ] {
        check(whole, &[whole]);
    }
}

#[test]
fn a_space_may_be_forgotten() {
    check(
        "Done.Next one.I go!Now",
        &["Done.", "Next one.", "I go!", "Now"],
    );
    check("Это 5.Потом 6.", &["Это 5.", "Потом 6."]);
    check("ул.Абая, г.Алматы.", &["ул.Абая, г.Алматы."]);
    for whole in [
        "Use Node.Js, ASP.NET, vb.Net, README.Md and foo.Bar(1).",
        "See https://example.com/Path.Html?a=b.C and www.Example.Com or a.b@Host.Org.",
        "Version 5.1, 3.14, 12.05.2024, v1.2.Beta, т.е. 5.",
    ] {
        check(whole, &[whole]);
    }
    let mut pieces = Sentences::default();
    pieces.push("Это 5.");
    pieces.push("Потом я ушёл.");
    pieces.finish();
    let found: Vec<String> = pieces.map(|found| found.text).collect();
    assert_eq!(found, ["Это 5.", "Потом я ушёл."]);
}

#[test]
fn language_models_write_more_than_words() {
    check(
        "<think>What now? Hm.</think># A title\n\nSee **[the docs.](https://x.kz/a.b?c=d)** Now `go`.",
        &["A title", "See the docs.", "Now go."],
    );
    check("Yes.<thinking>Is it?", &["Yes."]);
    check("| a | b |\n|---|---|\n| 1 | *2* |", &["a, b", "1, 2"]);
    check(
        "* one\n* two\n```rust\nlet a\n```",
        &["one", "two", "let a"],
    );
}

#[test]
fn kazakh() {
    check(
        "Сәлеметсіз бе! Абай 1845 ж. туған, т.б. ақындар да бар. Қазақстан — тәуелсіз ел.",
        &[
            "Сәлеметсіз бе!",
            "Абай 1845 ж. туған, т.б. ақындар да бар.",
            "Қазақстан — тәуелсіз ел.",
        ],
    );
    check(
        "Ол 1991 ж. Кейін келді. Ә. Бөкейхан айтты.",
        &["Ол 1991 ж.", "Кейін келді.", "Ә. Бөкейхан айтты."],
    );
}

#[test]
fn english() {
    check(
        "Mr. Smith met Dr. Jones at 5 p.m. on Jan. 5. They talked, e.g. about U.S. history. Fine.",
        &[
            "Mr. Smith met Dr. Jones at 5 p.m. on Jan. 5.",
            "They talked, e.g. about U.S. history.",
            "Fine.",
        ],
    );
    check(
        "He lives in the U.S.A. She does not.",
        &["He lives in the U.S.A.", "She does not."],
    );
    check(
        "J. R. R. Tolkien, J.R.R. Tolkien. \"Yes.\" \"No.\"",
        &["J. R. R. Tolkien, J.R.R. Tolkien.", "\"Yes.\"", "\"No.\""],
    );
    check(
        "See https://example.com/a.b?c=d.e. Then mail a.b@c.org. Done",
        &[
            "See https://example.com/a.b?c=d.e.",
            "Then mail a.b@c.org.",
            "Done",
        ],
    );
    check(
        "No. 5 is alive. No. It is not. It was I. Who?",
        &["No. 5 is alive.", "No.", "It is not.", "It was I.", "Who?"],
    );
    check(
        "Use Node.Js and v1.2.3. \"Stop!\" he cried. Why? because.",
        &[
            "Use Node.Js and v1.2.3.",
            "\"Stop!\" he cried.",
            "Why?",
            "because.",
        ],
    );
    check(
        "Apples, pears, etc. We like them.",
        &["Apples, pears, etc.", "We like them."],
    );
}

#[test]
fn mixed_scripts_and_others() {
    check(
        "Он купил iPhone 15 Pro. It works. Жақсы!",
        &["Он купил iPhone 15 Pro.", "It works.", "Жақсы!"],
    );
    check("你好。再见！好", &["你好。", "再见！", "好"]);
    check(
        "שלום עולם. מה שלומך? مرحبا. كيف حالك؟ نعم",
        &["שלום עולם.", "מה שלומך?", "مرحبا.", "كيف حالك؟", "نعم"],
    );
    check(
        "Привет! 😀 Как дела? 👍👍 Ок!",
        &["Привет!", "😀 Как дела?", "👍👍 Ок!"],
    );
}

#[test]
fn lines_and_paragraphs() {
    check(
        "Список:\n1. Первое\n2. Второе.\n- третье\n• Четвёртое",
        &[
            "Список:",
            "1. Первое",
            "2. Второе.",
            "- третье",
            "• Четвёртое",
        ],
    );
    check(
        "Эта строка такая длинная, что почтовая программа\nперенесла её. Да.",
        &[
            "Эта строка такая длинная, что почтовая программа перенесла её.",
            "Да.",
        ],
    );
    let found = sentences("One. Two.\n\nThree\n<p>Four</p>Five. Six.");
    let ends: Vec<(&str, bool)> = found
        .iter()
        .map(|one| (one.text.as_str(), one.paragraph_end))
        .collect();
    assert_eq!(
        ends,
        [
            ("One.", false),
            ("Two.", true),
            ("Three", true),
            ("Four", true),
            ("Five.", false),
            ("Six.", true)
        ]
    );
}

#[test]
fn nothing_to_say() {
    for text in [
        "",
        " \n\t ",
        "...",
        "!?",
        "😀🎉",
        "—",
        "<speak></speak>",
        "<br/>",
        "\u{202e}\u{200b}",
        "***\n\n---",
    ] {
        assert!(!speakable(text) || text.contains('<'), "{text:?}");
        check(text, &[]);
    }
    for text in ["a", "7", "ж", "٣", "字", "ש"] {
        assert!(speakable(text));
        check(text, &[text]);
    }
    check("Да!\n***\nНет.", &["Да!", "Нет."]);
}

#[test]
fn long_sentences_are_cut_where_one_breathes() {
    let clause = "это довольно длинная часть предложения со многими словами внутри неё";
    let text = format!("{clause}, {clause}, {clause}, {clause}, {clause}.");
    let found = sentences(&text);
    assert_eq!(found.len(), 2);
    assert!(found[0].text.ends_with("неё,"), "{}", found[0].text);
    assert!(!found[0].paragraph_end);
    let text = format!(
        "{} and {}",
        "word ".repeat(40).trim(),
        "word ".repeat(40).trim()
    );
    assert!(sentences(&text)[1].text.starts_with("and word"));
    let text = "ы".repeat(5_000);
    assert_eq!(sentences(&text).len(), 20);
}

#[test]
fn family_emoji_and_accents_stay_whole() {
    for unit in ["👩‍👩‍👧‍👦x", "e\u{301}\u{302}", "각", "🇰🇿a"] {
        let text = unit.repeat(400);
        let graphemes: Vec<&str> = text.graphemes(true).collect();
        let found = sentences(&text);
        let joined: Vec<&str> = found
            .iter()
            .flat_map(|one| one.text.graphemes(true))
            .collect();
        assert_eq!(joined, graphemes);
    }
}

fn said(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .collect()
}

/// Text with everything in it that matters here, and no tags or entities.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        5 => "[a-zA-Zа-яА-Яәіңғүұқөһ]{1,9}",
        1 => "[0-9]{1,4}",
        3 => Just(" ".to_owned()),
        2 => "[.!?…,;:]{1,3}",
        1 => "[«»\"'()\\[\\]—-]",
        1 => "[\n\r\t]{1,2}",
        1 => "(т\\. е\\. |г\\. |Mr\\. |А\\. |e\\.g\\. |и т\\. д\\. |им\\. |St\\. |ft\\. |Он |The )",
        1 => "(\\*\\*|_|`|# |> |\\| |~~|\\\\)",
        1 => any::<char>().prop_filter("no markup", |c| !"<&".contains(*c)).prop_map(String::from),
        1 => "[ыa.!]{100,400}",
    ];
    prop::collection::vec(pieces, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_is_long(text in any_text()) {
        let found = sentences(&text);
        let all: String = found.iter().map(|one| said(&one.text)).collect();
        prop_assert_eq!(all, said(&text));
        for one in &found {
            prop_assert!(speakable(&one.text));
            prop_assert!(one.text.chars().count() <= LONGEST);
            let one_line = one.text.lines().count() == 1;
            prop_assert!(one_line);
            prop_assert_eq!(one.text.trim(), &one.text);
        }
    }

    #[test]
    fn pieces_do_not_matter(text in any_text(), tags in any::<bool>(), sizes in prop::collection::vec(1..9_usize, 1..9)) {
        let text = if tags {
            let text = text.replace('ы', "<b>&amp;").replace('a', "</p>").replace('b', "](http://x.kz/)");
            text.replace('c', "<think>").replace('d', "</think>")
        } else {
            text
        };
        let mut stream = Sentences::default();
        let mut found = Vec::new();
        let mut characters = text.chars();
        for size in sizes.iter().cycle() {
            let piece: String = characters.by_ref().take(*size).collect();
            if piece.is_empty() {
                break;
            }
            stream.push(&piece);
            found.extend(stream.by_ref());
        }
        stream.finish();
        found.extend(stream);
        prop_assert_eq!(found, sentences(&text));
    }
}
