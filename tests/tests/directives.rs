//! Operators' mistakes are found by `nginx -t`, with the directive, the value and the reason.

use avatar_tests::Setup;

#[test]
fn everything_that_can_be_said_is_accepted() {
    let voices = Setup::new().start().request("GET", "/api/voices").send();
    let voice = voices.value()["voices"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let output = Setup::new()
        .file("keys", "# for the shop\nsecret\n")
        .http(&format!("avatar_voice {voice};"))
        .http(
            "avatar_zone table:1m; avatar_data data; avatar_threads 2; avatar_language kk;
             avatar_face anna; avatar_video 640x360 fps=30; avatar_segment_format ts; avatar_max_text 100;
             avatar_feed_timeout 5m; avatar_feed_window 10s; avatar_max_sessions 4; avatar_max_queue 0; avatar_session_ttl 10m;
             avatar_lead 2s; avatar_look_ahead 10s; avatar_renditions 256 128;
             avatar_hold_timeout 5s; avatar_webhook_hosts example.org example.com;
             avatar_mjpeg quality=70 queue=10;
             avatar_webrtc [::1]:8189 peers=10; avatar_webrtc_public 192.0.2.7;
             avatar_speech_keep on;
             avatar_speech_engine cloud openai key_file=keys model=tts-1 format=opus connect=1s first_byte=2s
                 progress=3s total=4s retries=0 concurrency=2 longest=200;
             avatar_speech_engine raw openai url=https://example.org/v1 format=pcm rate=16000;
             avatar_speech_engine google gtts;
             avatar_speech_engine other template \"url=http://localhost/{lang}?t={text}\" method=POST
                 \"header=X-Key: {key}\" header=Accept:audio/* 'body={\"v\": \"{voice}\"}' content_type=application/json
                 audio=json:a.b key_file=keys;
             avatar_speech_voice alma engine=other lang=kk \"name=Alma of Almaty\" voice=a1 fallback=kk-2,kk-female;
             avatar_speech_voice kk-2 engine=google lang=kk;
             avatar_expand model=small url=https://example.org/v1/ key_file=keys \"system=Be brief; be plain.\"
                 \"language=Answer in {language}.\" longest=100 concurrency=2 connect=1s first_byte=2s progress=3s
                 total=4s retries=0;",
        )
        .file("weights/manifest.json", "{}")
        .file("avatars/.keep", "")
        .file("libavatar_models.so", "")
        .http(
            "avatar_models library=libavatar_models.so weights=weights device=cuda:1 precision=bf16 batch=64 threads=8;
             avatar_avatars avatars;",
        )
        .reuse("size=1g age=90m")
        .location(
            "avatar_keys keys; avatar_base /behind/this forwarded;
             avatar_origins https://example.org http://localhost:3000;
             avatar_origins https://app.example.org credentials=on; avatar_origins * credentials=off;",
        )
        .check();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
}

#[test]
fn wrong_values_are_named_with_a_reason() {
    let long = "d".repeat(120);
    for (directive, value, reason) in [
        ("avatar_zone", "avatar", "a name and a size"),
        ("avatar_zone", ":4m", "a name and a size"),
        ("avatar_zone", "avatar:lots", "the size"),
        ("avatar_zone", "avatar:8k", "at least"),
        ("avatar_data", "no/such/directory", "does not exist"),
        ("avatar_data", "nginx.conf", "not a directory"),
        ("avatar_data", "/", "of its own"),
        ("avatar_data", &long, "too long"),
        ("avatar_threads", "0", "from 1 to"),
        ("avatar_threads", "many", "from 1 to"),
        ("avatar_threads", "-1", "from 1 to"),
        ("avatar_language", "fr", "ru, kk, en"),
        ("avatar_voice", "bob", "no such voice"),
        ("avatar_face", "bob", "no such avatar"),
        ("avatar_video", "512", "two even numbers"),
        ("avatar_video", "511x512", "two even numbers"),
        ("avatar_video", "4000x4000", "two even numbers"),
        ("avatar_video", "fps=29", "one of"),
        ("avatar_segment_format", "mp4", "\"fmp4\" or \"ts\""),
        ("avatar_max_text", "0", "from 1 to"),
        ("avatar_max_sessions", "0", "from 1 to"),
        ("avatar_max_queue", "x", "from 0 to"),
        ("avatar_session_ttl", "soon", "a time"),
        ("avatar_mjpeg", "quality=0", "from 1 to 100"),
        ("avatar_mjpeg", "queue=1", "from 2 to"),
        ("avatar_mjpeg", "size=1", "quality= or queue="),
        ("avatar_webrtc", "8189", "an address and a port"),
        ("avatar_webrtc", "peers=2", "an address and a port"),
        ("avatar_webrtc_public", "0.0.0.0", "an address"),
        ("avatar_webrtc_public", "example.org", "an address"),
        ("avatar_hold_timeout", "0", "a time"),
        ("avatar_lead", "soon", "a time"),
        ("avatar_look_ahead", "on", "a time"),
        ("avatar_look_ahead", "500ms", "two seconds or more"),
        ("avatar_reuse", "on", "\"off\", or a size"),
        ("avatar_reuse", "size=lots", "a size above zero"),
        ("avatar_reuse", "size=0", "a size above zero"),
        ("avatar_reuse", "age=0", "a time above zero"),
        ("avatar_webhook_hosts", "https://example.org/", "a host"),
        ("avatar_avatars", "missing", "No such file"),
        ("avatar_avatars", "nginx.conf", "not a directory"),
        ("avatar_speech_keep", "mp3", "\"on\" or \"off\""),
    ] {
        let said = Setup::new()
            .http(&format!("{directive} {value};"))
            .complaint();
        for part in [directive, value, reason, "nginx.conf:"] {
            assert!(said.contains(part), "no \"{part}\" in:\n{said}");
        }
    }
    for (value, reason) in [
        ("library=nginx.conf batch=2", "weights=path"),
        ("weights=weights batch=2", "library=path"),
        ("library=missing.so weights=weights", "No such file"),
        ("library=weights weights=weights", "not a file"),
        ("library=nginx.conf weights=missing", "No such file"),
        ("library=nginx.conf weights=html", "manifest.json"),
        (
            "library=nginx.conf weights=weights device=tpu",
            "\"cuda:0\"",
        ),
        (
            "library=nginx.conf weights=weights device=cuda:",
            "\"cuda:0\"",
        ),
        (
            "library=nginx.conf weights=weights precision=f8",
            "\"bf16\"",
        ),
        ("library=nginx.conf weights=weights batch=0", "from 1 to"),
        (
            "library=nginx.conf weights=weights size=1",
            "library=, weights=",
        ),
    ] {
        let said = Setup::new()
            .file("weights/manifest.json", "{}")
            .http(&format!("avatar_models {value};"))
            .complaint();
        for part in ["avatar_models", reason, "nginx.conf:"] {
            assert!(said.contains(part), "no \"{part}\" in:\n{said}");
        }
    }
    let said = Setup::new()
        .file("avatars/.keep", "")
        .http("avatar_avatars avatars;")
        .complaint();
    assert!(said.contains("without \"avatar_models\""), "{said}");
    let said = Setup::new()
        .filmed("")
        .http("avatar_face nobody;")
        .complaint();
    assert!(said.contains("no such avatar"), "{said}");
    let output = Setup::new().filmed("").http("avatar_face vera;").check();
    assert!(output.status.success());
    for (directive, value, reason) in [
        ("avatar_keys", "missing", "No such file"),
        ("avatar_keys", "none", "no key in it"),
        ("avatar_origins", "example.org", "a scheme"),
        ("avatar_origins", "https://example.org/path", "a scheme"),
        ("avatar_origins", "* https://example.org", "alone"),
        ("avatar_origins", "credentials=on", "needs origins"),
        ("avatar_origins", "credentials=on *", "are listed"),
        (
            "avatar_origins",
            "credentials=yes https://a.example",
            "\"on\" or \"off\"",
        ),
        (
            "avatar_origins",
            "https://a.example https://A.example",
            "twice",
        ),
        (
            "avatar_origins",
            "https://b.example; avatar_origins https://b.example",
            "twice",
        ),
        ("avatar_base", "avatar", "such as /avatar"),
        ("avatar_base", "//example.org", "such as /avatar"),
        (
            "avatar_base",
            "https://example.org/avatar",
            "such as /avatar",
        ),
        ("avatar_base", "/a/../b", "such as /avatar"),
        ("avatar_base", "/a trusted", "\"forwarded\""),
    ] {
        let said = Setup::new()
            .file("none", "# nothing yet\n\n")
            .location(&format!("{directive} {value};"))
            .complaint();
        let value = value.split([' ', ';']).next().unwrap();
        for part in [directive, value, reason, "nginx.conf:"] {
            assert!(said.contains(part), "no \"{part}\" in:\n{said}");
        }
    }
}

#[test]
fn what_is_wrong_with_speech_is_named_with_a_reason() {
    const ENGINE: &str = "avatar_speech_engine net gtts;";
    for (directives, directive, value, reason) in [
        (
            "avatar_speech_engine net carrier;",
            "avatar_speech_engine",
            "carrier",
            "openai, gtts, template or piper",
        ),
        (
            "avatar_speech_engine net gtts; avatar_speech_engine net gtts;",
            "avatar_speech_engine",
            "net",
            "already",
        ),
        (
            "avatar_speech_engine net gtts model=x;",
            "avatar_speech_engine",
            "model=x",
            "one of url=",
        ),
        (
            "avatar_speech_engine net gtts total=1s total=2s;",
            "avatar_speech_engine",
            "total=2s",
            "twice",
        ),
        (
            "avatar_speech_engine net openai url=example.org;",
            "avatar_speech_engine",
            "url=example.org",
            "a URL",
        ),
        (
            "avatar_speech_engine net openai;",
            "avatar_speech_engine",
            "openai",
            "model=",
        ),
        (
            "avatar_speech_engine net openai format=ogg;",
            "avatar_speech_engine",
            "format=ogg",
            "mp3, opus",
        ),
        (
            "avatar_speech_engine net openai model=x rate=8000;",
            "avatar_speech_engine",
            "rate=8000",
            "format=pcm",
        ),
        (
            "avatar_speech_engine net openai model=x first_byte=soon;",
            "avatar_speech_engine",
            "first_byte=soon",
            "a time",
        ),
        (
            "avatar_speech_engine net openai model=x retries=many;",
            "avatar_speech_engine",
            "retries=many",
            "from 0 to",
        ),
        (
            "avatar_speech_engine net openai model=x concurrency=0;",
            "avatar_speech_engine",
            "concurrency=0",
            "from 1 to",
        ),
        (
            "avatar_speech_engine net openai model=x key_file=none;",
            "avatar_speech_engine",
            "key_file=none",
            "No such file",
        ),
        (
            "avatar_speech_engine net openai model=x key_file=blank;",
            "avatar_speech_engine",
            "key_file=blank",
            "no key in it",
        ),
        (
            "avatar_speech_engine net template method=POST;",
            "avatar_speech_engine",
            "template",
            "needs a url=",
        ),
        (
            "avatar_speech_engine net template \"url=http://{text}/\";",
            "avatar_speech_engine",
            "url=http://{text}/",
            "the host",
        ),
        (
            "avatar_speech_engine net template \"url=http://h/{txet}\";",
            "avatar_speech_engine",
            "url=http://h/{txet}",
            "there is no {txet}",
        ),
        (
            "avatar_speech_engine net template \"url=http://h/{key}\";",
            "avatar_speech_engine",
            "net",
            "no key_file=",
        ),
        (
            "avatar_speech_engine net template url=http://h/ header=x;",
            "avatar_speech_engine",
            "header=x",
            "a name and a value",
        ),
        (
            "avatar_speech_engine net template url=http://h/ audio=xml:a;",
            "avatar_speech_engine",
            "audio=xml:a",
            "json:",
        ),
        (
            "avatar_speech_voice a engine=net lang=en;",
            "avatar_speech_voice",
            "net",
            "no such engine",
        ),
        (
            "avatar_speech_voice a engine=net lang=fr;",
            "avatar_speech_voice",
            "lang=fr",
            "ru, kk, en",
        ),
        (
            "avatar_speech_voice a engine=net voice=x;",
            "avatar_speech_voice",
            "a",
            "needs lang=",
        ),
        (
            "avatar_speech_voice a/b engine=net lang=en;",
            "avatar_speech_voice",
            "a/b",
            "letters, digits",
        ),
        (
            "avatar_speech_voice a engine=net lang=en fallback=bob;",
            "avatar_speech_voice",
            "bob",
            "no such voice",
        ),
        (
            "avatar_speech_voice a engine=net lang=en fallback=ru-male;",
            "avatar_speech_voice",
            "ru-male",
            "another language",
        ),
        (
            "avatar_speech_voice a engine=net lang=en fallback=a;",
            "avatar_speech_voice",
            "a",
            "itself",
        ),
        (
            "avatar_speech_voice ru-male engine=net lang=ru;",
            "avatar_speech_voice",
            "ru-male",
            "two such voices",
        ),
    ] {
        let said = Setup::new()
            .file("blank", "# nothing yet\n\n")
            .http(match (directive, value) {
                ("avatar_speech_voice", "net") | ("avatar_speech_engine", _) => "",
                _ => ENGINE,
            })
            .http(directives)
            .complaint();
        let named = format!("invalid value \"{value}\" in \"{directive}\" directive");
        for part in [&named, reason, "nginx.conf:"] {
            assert!(said.contains(part), "no \"{part}\" in:\n{said}");
        }
    }
}

#[test]
fn what_is_wrong_with_prompts_is_named_with_a_reason() {
    for (words, value, reason) in [
        ("on", "on", "one of url="),
        ("url=http://h/v1", "url=http://h/v1", "model= is needed"),
        ("model=", "model=", "model= is needed"),
        ("model=a url=example.org", "url=example.org", "a URL"),
        (
            "model=a url=file:///etc",
            "url=file:///etc",
            "http or https",
        ),
        ("model=a model=b", "model=b", "twice"),
        ("model=a longest=99", "longest=99", "from 100 to"),
        ("model=a concurrency=0", "concurrency=0", "from 1 to"),
        ("model=a total=soon", "total=soon", "a time"),
        ("model=a key_file=none", "key_file=none", "No such file"),
        ("model=a voice=b", "voice=b", "one of url="),
    ] {
        let said = Setup::new()
            .http(&format!("avatar_expand {words};"))
            .complaint();
        let named = format!("invalid value \"{value}\" in \"avatar_expand\" directive");
        for part in [&named, reason, "nginx.conf:"] {
            assert!(said.contains(part), "no \"{part}\" in:\n{said}");
        }
    }
    assert!(
        Setup::new()
            .http("avatar_expand off;")
            .check()
            .status
            .success()
    );
}

#[test]
fn nothing_can_be_said_twice_or_in_the_wrong_place() {
    for directive in [
        "avatar_zone a:1m;",
        "avatar_data data;",
        "avatar_threads 1;",
        "avatar_video 512x512;",
        "avatar_segment_format ts;",
        "avatar_hold_timeout 1s;",
        "avatar_speech_keep on;",
        "avatar_expand off;",
    ] {
        let name = directive.split(' ').next().unwrap();
        let twice = Setup::new().http(directive).http(directive).complaint();
        assert!(
            twice.contains(&format!("\"{name}\" directive is duplicate")),
            "{twice}"
        );
        let misplaced = Setup::new().location(directive).complaint();
        assert!(misplaced.contains("is not allowed here"), "{misplaced}");
    }
    let twice = Setup::new().location("avatar off;").complaint();
    assert!(
        twice.contains("\"avatar\" directive is duplicate"),
        "{twice}"
    );
    let said = Setup::new().off().location("avatar maybe;").complaint();
    assert!(
        said.contains("invalid value \"maybe\" in \"avatar\" directive"),
        "{said}"
    );
}

#[test]
fn without_a_location_of_ours_nothing_is_made() {
    let nginx = Setup::new().off().start();
    assert!(!nginx.prefix().join("avatar").exists());
    let answer = nginx.request("GET", "/api/voices").send();
    assert_eq!(
        (answer.status, answer.header("Content-Type")),
        (404, "text/html")
    );
}

#[test]
fn a_location_within_is_like_the_one_around_it() {
    let nginx = Setup::new()
        .off()
        .file("keys", "secret")
        .http("avatar on; avatar_origins *;")
        .server("avatar_keys keys; location /stream/ { avatar off; } location = /api/voices { avatar_keys off; }")
        .start();
    let open = nginx.request("GET", "/api/voices").send();
    assert_eq!(open.status, 200);
    assert_eq!(open.header("Access-Control-Allow-Origin"), "*");
    assert_eq!(nginx.request("GET", "/api/avatars").send().status, 401);
    let off = nginx.request("GET", "/stream/x/playlist.m3u8").send();
    assert_eq!((off.status, off.header("Content-Type")), (404, "text/html"));
}
