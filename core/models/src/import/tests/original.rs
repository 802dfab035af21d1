//! Writes what `torch.save` writes: both of its containers, opcode by opcode.

use std::io::{Cursor, Write};

use safetensors::Dtype;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An object in a pickle.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    None,
    Number(i64),
    Text(String),
    Tuple(Vec<Value>),
    Dictionary(Vec<(String, Value)>),
    Ordered(Vec<(String, Value)>),
    /// A call of module and name.
    Call(&'static str, &'static str, Vec<Value>),
    Tensor(View),
    /// A tensor in `torch.nn.Parameter`.
    Parameter(View),
}

/// A tensor: some elements of a storage.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) storage: usize,
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) stride: Vec<usize>,
}

/// A file to be.
#[derive(Debug, Clone)]
pub(crate) struct Original {
    pub(crate) storages: Vec<(Dtype, Vec<u8>)>,
    pub(crate) root: Value,
}

impl Original {
    /// A flat dictionary of tensors, each with a storage of its own.
    pub(crate) fn flat<'a>(
        tensors: impl IntoIterator<Item = (&'a str, Dtype, &'a [usize], Vec<u8>)>,
    ) -> Self {
        let mut storages = Vec::new();
        let mut entries = Vec::new();
        for (name, kind, shape, bytes) in tensors {
            let view = View::whole(storages.len(), shape);
            entries.push((name.to_owned(), Value::Tensor(view)));
            storages.push((kind, bytes));
        }
        Self {
            storages,
            root: Value::Ordered(entries),
        }
    }

    /// The container since PyTorch 1.6.
    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut entry = |name: String, bytes: &[u8]| {
            archive
                .start_file(format!("archive/{name}"), options)
                .unwrap();
            archive.write_all(bytes).unwrap();
        };
        entry("data.pkl".to_owned(), &self.pickle(&self.root, false));
        entry("byteorder".to_owned(), b"little");
        for (index, (_, bytes)) in self.storages.iter().enumerate() {
            entry(format!("data/{index}"), bytes);
        }
        entry("version".to_owned(), b"3\n");
        archive.finish().unwrap().into_inner()
    }

    /// The container before.
    pub(crate) fn legacy(&self) -> Vec<u8> {
        let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
        file.extend(b"\x80\x02M\xe9\x03.");
        file.extend(
            b"\x80\x02}(X\x10\0\0\0protocol_versionM\xe9\x03X\x0d\0\0\0little_endian\x88u.",
        );
        file.extend(self.pickle(&self.root, true));
        file.extend(b"\x80\x02](");
        for index in 0..self.storages.len() {
            text(&mut file, &index.to_string());
        }
        file.extend(b"e.");
        for (kind, bytes) in &self.storages {
            file.extend((bytes.len() * 8 / kind.bitsize()).to_le_bytes());
            file.extend(bytes);
        }
        file
    }

    fn pickle(&self, root: &Value, legacy: bool) -> Vec<u8> {
        let mut pickle = b"\x80\x02".to_vec();
        self.value(&mut pickle, root, legacy);
        pickle.push(b'.');
        pickle
    }

    fn value(&self, pickle: &mut Vec<u8>, value: &Value, legacy: bool) {
        match value {
            Value::None => pickle.push(b'N'),
            Value::Number(number) => {
                pickle.extend(b"\x8a\x08");
                pickle.extend(number.to_le_bytes());
            }
            Value::Text(words) => text(pickle, words),
            Value::Tuple(items) => self.tuple(pickle, items, legacy),
            Value::Dictionary(entries) => {
                pickle.push(b'}');
                self.entries(pickle, entries, legacy);
            }
            Value::Ordered(entries) => {
                pickle.extend(b"ccollections\nOrderedDict\n)R");
                self.entries(pickle, entries, legacy);
            }
            Value::Call(module, name, arguments) => {
                pickle.extend(format!("c{module}\n{name}\n").bytes());
                self.tuple(pickle, arguments, legacy);
                pickle.push(b'R');
            }
            Value::Tensor(view) => self.view(pickle, view, legacy),
            Value::Parameter(view) => {
                pickle.extend(b"ctorch._utils\n_rebuild_parameter\n(");
                self.view(pickle, view, legacy);
                pickle.extend(b"\x88ccollections\nOrderedDict\n)RtR");
            }
        }
    }

    fn tuple(&self, pickle: &mut Vec<u8>, items: &[Value], legacy: bool) {
        pickle.push(b'(');
        for item in items {
            self.value(pickle, item, legacy);
        }
        pickle.push(b't');
    }

    fn entries(&self, pickle: &mut Vec<u8>, entries: &[(String, Value)], legacy: bool) {
        pickle.push(b'(');
        for (key, value) in entries {
            text(pickle, key);
            self.value(pickle, value, legacy);
        }
        pickle.push(b'u');
    }

    fn view(&self, pickle: &mut Vec<u8>, view: &View, legacy: bool) {
        let (kind, bytes) = &self.storages[view.storage];
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(pickle, "storage");
        pickle.extend(format!("ctorch\n{}\n", storage(*kind)).bytes());
        text(pickle, &view.storage.to_string());
        text(pickle, "cpu");
        number(pickle, bytes.len() * 8 / kind.bitsize());
        if legacy {
            pickle.push(b'N');
        }
        pickle.extend(b"tQ");
        number(pickle, view.offset);
        for numbers in [&view.shape, &view.stride] {
            pickle.push(b'(');
            for each in numbers {
                number(pickle, *each);
            }
            pickle.push(b't');
        }
        pickle.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }
}

impl View {
    /// All of a storage.
    pub(crate) fn whole(storage: usize, shape: &[usize]) -> Self {
        let mut stride = vec![1; shape.len()];
        for index in (1..shape.len()).rev() {
            stride[index - 1] = stride[index] * shape[index];
        }
        Self {
            storage,
            offset: 0,
            shape: shape.to_vec(),
            stride,
        }
    }
}

fn text(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(b'X');
    pickle.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    pickle.extend(text.bytes());
}

fn number(pickle: &mut Vec<u8>, number: usize) {
    pickle.push(b'J');
    pickle.extend(i32::try_from(number).unwrap().to_le_bytes());
}

fn storage(kind: Dtype) -> &'static str {
    match kind {
        Dtype::F64 => "DoubleStorage",
        Dtype::F32 => "FloatStorage",
        Dtype::F16 => "HalfStorage",
        Dtype::BF16 => "BFloat16Storage",
        Dtype::I64 => "LongStorage",
        other => panic!("there is no storage of {other}"),
    }
}
