use bytes::Bytes;

use super::*;

fn form(fields: &[(&str, &str)]) -> Form {
    let mut body = String::new();
    for (name, value) in fields {
        let file = if matches!(*name, "image" | "audio" | "audio_chunk") {
            "; filename=\"a\""
        } else {
            ""
        };
        body += &format!(
            "--ab\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        );
    }
    body += "--ab--\r\n";
    let body = [Ok(Bytes::from(body))];
    Form::read(
        "multipart/form-data; boundary=ab",
        body.into_iter(),
        &std::env::temp_dir(),
    )
    .unwrap()
}

fn init(fields: &[(&str, &str)]) -> Result<Driven, Refusal> {
    let config = Config::default();
    driven(form(fields), &config, &Catalogue::builtin(&config))
}

#[test]
fn what_is_not_said_is_as_the_contract_says() {
    let driven = init(&[("image", "picture")]).unwrap();
    assert_eq!(
        driven.job.source,
        Source::Feed {
            rate: 24_000,
            bare: Bare::Never
        }
    );
    let portrait = driven.job.portrait.unwrap();
    assert!(portrait.crop && portrait.seed == 42 && portrait.steps == 10);
    assert_eq!((portrait.guidance, portrait.pose), (2_000, None));
    let answer: Value = serde_json::from_str(&driven.begun(None, &Urls::default())).unwrap();
    assert_eq!(answer["status"], "success");
    assert_eq!(answer["chunk_duration"], 1.0);
    assert_eq!(answer["audio_sample_rate"], 24_000);
    let url = format!("/hls/{}/playlist.m3u8", driven.job.id);
    assert_eq!(answer["hls_url"], url);
    let drawn = init(&[("avatar", "anna"), ("pose_style", "[0.1,-0.2,1]")]).unwrap();
    assert!(drawn.job.portrait.is_none() && drawn.job.avatar == "anna");
}

#[test]
fn each_value_out_of_range_is_refused_with_the_range() {
    for (name, value, range) in [
        ("nfe", "4", "from 5 to 50"),
        ("nfe", "10.5", "a whole number"),
        ("cfg_scale", "5.1", "from 1 to 5"),
        ("cfg_scale", "nan", "from 1 to 5"),
        ("chunk_duration", "0.05", "from 0.1 to 10"),
        ("audio_sample_rate", "4000", "from 8000 to 192000"),
        ("crop", "maybe", "true or false"),
        ("seed", "-1", "a whole number"),
        ("pose_style", "[0,0]", "3 numbers"),
        ("pose_style", "[0,0,2]", "from -1 to 1"),
        ("gaze_style", "{}", "2 numbers"),
        ("gaze_style", "[0,\"x\"]", "2 numbers"),
    ] {
        let refusal = init(&[("image", "picture"), (name, value)]).unwrap_err();
        assert_eq!(refusal.code(), Code::BadParameter);
        assert!(refusal.message().starts_with(name), "{refusal:?}");
        assert!(refusal.message().contains(range), "{refusal:?}");
    }
    let refusal = init(&[("avatar", "nobody")]).unwrap_err();
    assert_eq!(refusal.code(), Code::UnknownAvatar);
    for fields in [
        &[][..],
        &[("image", "")],
        &[("image", "picture"), ("avatar", "anna")],
    ] {
        assert_eq!(init(fields).unwrap_err().code(), Code::BadParameter);
    }
}

#[test]
fn a_piece_names_its_session_and_has_sound_unless_it_is_the_last() {
    let id = SessionId::generate().to_string();
    let of = |fields: &[(&str, &str)]| piece(form(fields));
    let found = of(&[
        ("session_id", &id),
        ("audio_chunk", "abc"),
        ("sequence", "7"),
    ])
    .unwrap();
    assert_eq!((found.number, found.last), (Some(7), false));
    assert_eq!(found.audio.unwrap().length(), 3);
    let end = of(&[("session_id", &id), ("is_final_chunk", "true")]).unwrap();
    assert!(end.last && end.audio.is_none());
    assert_eq!(of(&[]).unwrap_err().code(), Code::BadParameter);
    let without = of(&[("session_id", &id)]).unwrap_err();
    assert_eq!(without.code(), Code::BadParameter);
    let nobody = of(&[("session_id", "abc")]).unwrap_err();
    assert_eq!(nobody.code(), Code::UnknownSession);
}

#[test]
fn a_film_is_made_as_well_as_can_be_and_a_stream_as_it_is_watched() {
    let config = Config {
        segment_format: SegmentFormat::Ts,
        ..Config::default()
    };
    let form = || form(&[("image", "picture"), ("audio", "sound")]);
    let catalogue = Catalogue::builtin(&config);
    let film = driven_film(form(), &config, &catalogue).unwrap().job;
    assert!(film.fine && film.segment_format == SegmentFormat::Fmp4);
    let stream = driven_whole(form(), &config, &catalogue).unwrap().job;
    assert!(!stream.fine && stream.segment_format == SegmentFormat::Ts);
}
