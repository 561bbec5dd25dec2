//! What can be wrong with a document, each as one byte: results stay small
//! enough for registers.

use alloc::borrow::Cow;

use super::Error;
use super::place;

/// An [`Error`] or [`super::Warning`] while only the offset is known: places are
/// looked up once, at the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) at: u32,
    pub(super) message: Message,
}

impl Fault {
    #[inline(never)]
    pub(super) fn in_text(self, text: &str) -> Error {
        Error { place: place::find(text, self.at as usize), message: Cow::Borrowed(self.message.text()) }
    }
}

macro_rules! messages {
    ($($name:ident $text:literal)*) => {
        /// A clause without a full stop.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Message {
            $($name,)*
        }

        /// A line for each [`Message`], in the same order.
        const TEXTS: &str = concat!($($text, "\n",)*);
    };
}

impl Message {
    pub(super) fn text(self) -> &'static str {
        TEXTS.lines().nth(self as usize).unwrap_or_default()
    }
}

messages! {
    NoMarker "'---' is expected here"
    Directive "this directive is not supported"
    Version "only one %YAML 1.x is supported here"
    UnknownDirective "an unknown directive is passed over"
    SecondDocument "a second document; only one is supported"
    BehindEnd "unexpected text behind '...'"
    GluedComment "a comment needs a space before it"
    Tab "a tab may neither indent nor separate; use spaces"
    Nodes "too many nodes"
    TagMisfit "the tag does not fit its node"
    AliasProperties "an alias takes neither anchor nor tag"
    Depth "nested too deeply"
    Colon "a mapping, because of the colon; quote all of it if a text is meant"
    Duplicate "duplicate key: the last value counts"
    KeyExpected "a key with ':' is expected here"
    BehindDocument "unexpected text behind the document's value"
    BehindValue "unexpected text behind the value"
    Indentation "this indentation fits no list or mapping before it"
    ComplexKey "keys with '? ' are not supported"
    KeyMissing "a key is missing before ':'"
    ListPlace "a list cannot begin on this line"
    ItemPlace "a key is expected here, not a list's item"
    KeyLines "no key can end here: its line goes on with the value above; check the indentation"
    MapPlace "a mapping cannot begin on this line; a text with ': ' in it needs quotes around all of it"
    ItemExpected "'- ' is expected here"
    DeepBlock "a block scalar indented too deeply"
    StrayBracket "a closing bracket or comma without its opening"
    Reserved "no value may begin with this character; quote it"
    Octal "a string in YAML 1.1: octal numbers begin with 0 alone"
    OpenBracket "the bracket is not closed"
    FlowComplexKey "keys with '?' are not supported"
    FlowDash "'-' inside brackets must be quoted"
    ValueMissing "a value is missing before ','"
    BracketMismatch "this bracket does not match the open one"
    LoneProperties "an anchor or tag without a value"
    CommaExpected "',' or the closing bracket is expected here"
    Template "a key must be a scalar; a template in braces must be quoted"
    StrayColon "':' is not expected here; is a bracket or brace before it not closed?"
    OpenQuote "the quoted scalar is not closed"
    QuotedMarker "a document marker inside a quoted scalar"
    Escape "unknown escape"
    EscapeCode "the escape is not the code of a character"
    BlockHeader "only indicators (1-9, + or -) may follow | or >"
    DeepBlank "a blank line before this one is indented deeper"
    TwoProperties "a node takes one anchor and one tag"
    AnchorName "an anchor's name is of letters, digits, - and _, with a space behind it"
    Tag "this tag is not supported"
    NoAnchor "no anchor of this name stands before"
    Cycle "an alias inside its own anchor"
    Anchors "too many anchors"
    LongKey "a key of more than 1024 characters"
    CollectionKey "a key must be a scalar"
    Length "the document is too long"
    Control "control characters are not allowed"
    Break "the line breaks U+0085, U+2028 and U+2029 are not supported"
    LoneReturn "a carriage return must be followed by a line feed"
    MergedKeys "'<<' merges too many keys"
    Merge "'<<' takes a mapping or a list of mappings"
    AliasDepth "nested too deeply once aliases are followed"
    AliasNodes "too many nodes once aliases are followed"
    NoInteger "this is no integer"
    NoFloat "this is no float"
    NoTruth "this is no truth value"
    NoDate "this is no date"
    MergeValue "'<<' is no value; quote it"
    EqualsValue "'=' alone has no meaning; quote it"
    Base64Ascii "base64 is of ASCII characters"
    Base64Length "the base64 text is incomplete"
    IntegerLength "an integer of too many digits"
    NoDigits "an integer without digits"
    FloatRange "a float out of range"
    DateRange "a date or time out of range"
}
