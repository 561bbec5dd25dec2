//! libyaml, the C parser, as translated to Rust: its tree needs freeing by
//! hand.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use unsafe_libyaml::*;

/// One loaded document.
pub struct Tree {
    parser: Box<yaml_parser_t>,
    document: Box<yaml_document_t>,
}

impl Tree {
    /// Loads `text`; `None` when it cannot be read.
    pub fn load(text: &str) -> Option<Self> {
        let mut parser = Box::new(MaybeUninit::<yaml_parser_t>::uninit());
        let mut document = Box::new(MaybeUninit::<yaml_document_t>::uninit());
        // SAFETY: the parser is initialized before it is used, the document is
        // what it loads, and `text` outlives the loading.
        unsafe {
            if yaml_parser_initialize(parser.as_mut_ptr()).fail {
                return None;
            }
            yaml_parser_set_input_string(parser.as_mut_ptr(), text.as_ptr(), text.len() as u64);
            if yaml_parser_load(parser.as_mut_ptr(), document.as_mut_ptr()).fail {
                yaml_parser_delete(parser.as_mut_ptr());
                return None;
            }
            Some(Self { parser: parser.assume_init(), document: document.assume_init() })
        }
    }

    /// The tree in the form of the peers.
    pub fn text(&mut self) -> String {
        let mut out = String::new();
        self.walk(1, &mut out);
        out
    }

    fn walk(&mut self, index: i32, out: &mut String) {
        // SAFETY: the document is loaded; a node's kind says which part of its
        // union is set, and its bounds are those of arrays that live as long.
        unsafe {
            let Some(node) = yaml_document_get_node(&mut *self.document, index).as_ref() else { return };
            match node.type_ {
                YAML_SCALAR_NODE => {
                    let (start, length) = (node.data.scalar.value, node.data.scalar.length as usize);
                    let text = String::from_utf8_lossy(std::slice::from_raw_parts(start, length));
                    out.push_str(&format!("{length}:{text}"));
                }
                YAML_SEQUENCE_NODE => {
                    let items = node.data.sequence.items;
                    let count = items.top.offset_from(items.start) as usize;
                    out.push('[');
                    for item in std::slice::from_raw_parts(items.start, count).to_vec() {
                        self.walk(item, out);
                    }
                    out.push(']');
                }
                _ => {
                    let pairs = node.data.mapping.pairs;
                    let count = pairs.top.offset_from(pairs.start) as usize;
                    out.push('{');
                    for pair in std::slice::from_raw_parts(pairs.start, count).to_vec() {
                        self.walk(pair.key, out);
                        self.walk(pair.value, out);
                    }
                    out.push('}');
                }
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // SAFETY: both were made by `load` and are deleted once.
        unsafe {
            yaml_document_delete(&mut *self.document);
            yaml_parser_delete(&mut *self.parser);
        }
    }
}
