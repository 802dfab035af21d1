//! What can go wrong, told apart by what can be done about it.

use std::path::PathBuf;

use tch::TchError;
use thiserror::Error;

use crate::weights::WeightsError;

/// What can go wrong with the networks.
#[derive(Debug, Error)]
pub enum ModelsError {
    /// Parameters are missing or have other shapes than the network's.
    #[error(transparent)]
    Weights(WeightsError),
    /// There was not memory enough. A smaller batch may fit.
    #[error("out of memory: {0}")]
    Memory(String),
    /// The device does not work any more in this process.
    #[error("the device has failed: {0}")]
    Device(String),
    /// A file cannot be read.
    #[error("{}: {reason}", file.display())]
    Io {
        /// Which.
        file: PathBuf,
        /// As the system or the reader tells it.
        reason: String,
    },
    /// The caller asked for what makes no sense.
    #[error("{0}")]
    Argument(String),
    /// libtorch complains of something else.
    #[error("libtorch: {0}")]
    Library(String),
}

/// What libtorch, CUDA and its libraries say when memory is short.
const MEMORY: [&str; 8] = [
    "out of memory",
    "OutOfMemoryError",
    "not enough memory",
    "can't allocate memory",
    "bad_alloc",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
];

/// What they say when a device is of no use until the process has gone. After a kernel fails every later call does, with
/// the same error.
const DEVICE: [&str; 7] = [
    "CUDA error",
    "cuda runtime error",
    "CUBLAS_STATUS_",
    "CUDNN_STATUS_",
    "cuDNN error",
    "CUSOLVER_STATUS_",
    "CUFFT_",
];

impl From<TchError> for ModelsError {
    fn from(error: TchError) -> Self {
        let text = match error {
            TchError::Torch(text) => text,
            other => other.to_string(),
        };
        // Below the first line are addresses within libtorch.
        let line = text.lines().next().unwrap_or_default().to_owned();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&MEMORY) {
            Self::Memory(line)
        } else if says(&DEVICE) {
            Self::Device(line)
        } else {
            Self::Library(line)
        }
    }
}

impl From<WeightsError> for ModelsError {
    fn from(error: WeightsError) -> Self {
        match error {
            WeightsError::Library(error) => error.into(),
            WeightsError::Unreadable { file, reason } => Self::Io { file, reason },
            other => Self::Weights(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> ModelsError {
        TchError::Torch(text.to_owned()).into()
    }

    #[test]
    fn libtorch_s_complaints_are_told_apart() {
        for text in [
            "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.72 GiB",
            "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes. Error code 12 (Cannot allocate memory)",
        ] {
            assert!(matches!(told(text), ModelsError::Memory(_)), "{text}");
        }
        for text in [
            "CUDA error: an illegal memory access was encountered\nCUDA kernel errors",
            "CUDA error: unspecified launch failure",
            "CUDA error: device-side assert triggered",
            "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        ] {
            assert!(matches!(told(text), ModelsError::Device(_)), "{text}");
        }
        let text = "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)\nException raised from";
        let ModelsError::Library(line) = told(text) else {
            panic!("{text}");
        };
        assert!(line.ends_with("(2x3 and 4x5)"));
    }

    #[test]
    fn memory_that_cannot_be_had_is_recognised() {
        let error = Tensor::f_zeros([1 << 50], (tch::Kind::Float, tch::Device::Cpu)).unwrap_err();
        assert!(matches!(error.into(), ModelsError::Memory(_)));
    }

    use tch::Tensor;
}
