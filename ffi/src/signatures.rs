//! The functions are what the types in `abi` say that they are: whoever opens the library calls them by those.

use avatar_models_abi::functions;

const _: functions::Abi = crate::library::avatar_models_abi;
const _: functions::Title = crate::library::avatar_models_title;
const _: functions::Open = crate::networks::avatar_models_open;
const _: functions::Close = crate::networks::avatar_models_close;
const _: functions::Describe = crate::networks::avatar_models_describe;
const _: functions::ListenerOpen = crate::listener::avatar_models_listener_open;
const _: functions::ListenerClose = crate::listener::avatar_models_listener_close;
const _: functions::ListenerHear = crate::listener::avatar_models_listener_hear;
const _: functions::PortraitOpen = crate::portrait::avatar_models_portrait_open;
const _: functions::PortraitClose = crate::portrait::avatar_models_portrait_close;
const _: functions::Faces = crate::networks::avatar_models_faces;
const _: functions::PreparerOpen = crate::preparer::avatar_models_preparer_open;
const _: functions::PreparerClose = crate::preparer::avatar_models_preparer_close;
const _: functions::PreparerFind = crate::preparer::avatar_models_preparer_find;
const _: functions::PreparerPrepare = crate::preparer::avatar_models_preparer_prepare;
const _: functions::TalkerOpen = crate::talker::avatar_models_talker_open;
const _: functions::TalkerClose = crate::talker::avatar_models_talker_close;
const _: functions::TalkerDescribe = crate::talker::avatar_models_talker_describe;
const _: functions::PhotoOpen = crate::photo::avatar_models_photo_open;
const _: functions::PhotoClose = crate::photo::avatar_models_photo_close;
const _: functions::PerformanceOpen = crate::performance::avatar_models_performance_open;
const _: functions::PerformanceClose = crate::performance::avatar_models_performance_close;
const _: functions::PerformanceHear = crate::performance::avatar_models_performance_hear;
const _: functions::Pictures = crate::talker::avatar_models_pictures;
const _: functions::Import = crate::import::avatar_models_import;
