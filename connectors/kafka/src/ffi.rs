//! The calls of librdkafka that have no safe wrapper, or one that costs too much.
//!
//! The one place with `unsafe`: topic handles (by name every record searches a list),
//! `rd_kafka_produce_batch`, records with headers, and the transaction calls (rdkafka's own wait
//! 100 ms in every flush). Nothing in here decides anything.
#![allow(unsafe_code, reason = "librdkafka is C; every block says why it is sound")]

use crate::client::Watch;
use rdkafka::bindings as c;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{Producer as _, ThreadedProducer};
use rdkafka::{ClientConfig, config::FromClientConfigAndContext};
use std::ffi::{CStr, CString, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use walbrook_core::batch::Span;
use walbrook_core::record::{Header, Record, Records};

/// A producer.
pub(crate) struct Native {
    producer: Arc<ThreadedProducer<Watch>>,
}

/// The handle of a topic, with the producer that it belongs to and must not outlive.
pub(crate) struct Topic {
    topic: NonNull<c::rd_kafka_topic_t>,
    producer: Arc<ThreadedProducer<Watch>>,
}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: the pointer came from rd_kafka_topic_new and is destroyed once, here, while the
        // producer still lives: fields are dropped after this.
        unsafe { c::rd_kafka_topic_destroy(self.topic.as_ptr()) }
    }
}

/// What a transaction call answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: RDKafkaErrorCode,
    pub(crate) text: String,
    pub(crate) retriable: bool,
    pub(crate) abortable: bool,
}

/// Reused memory of [`Topic::batch`]: never holds pointers between calls.
#[derive(Default)]
pub(crate) struct Scratch(Vec<c::rd_kafka_message_t>);

/// Which transaction call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Init,
    Begin,
    Commit,
    Abort,
}

impl Native {
    pub(crate) fn new(config: &ClientConfig, watch: Watch) -> Result<Self, KafkaError> {
        let producer = ThreadedProducer::from_config_and_context(config, watch)?;
        Ok(Self { producer: Arc::new(producer) })
    }

    pub(crate) fn watch(&self) -> &Watch {
        self.producer.context()
    }

    /// The error that ended this producer for good.
    pub(crate) fn fatal(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.producer.client().fatal_error()
    }

    fn handle(&self) -> *mut c::rd_kafka_t {
        self.producer.client().native_ptr()
    }

    pub(crate) fn topic(&self, name: &str) -> Option<Topic> {
        let name = CString::new(name).ok()?;
        // SAFETY: the producer lives, the name is a C string that is copied, and a null
        // configuration means the default.
        let topic = unsafe { c::rd_kafka_topic_new(self.handle(), name.as_ptr(), ptr::null_mut()) };
        let producer = Arc::clone(&self.producer);
        NonNull::new(topic).map(|topic| Topic { topic, producer })
    }

    /// One transaction call. `timeout` is in milliseconds; begin does not block.
    pub(crate) fn transaction(&self, call: Call, timeout: i32) -> Result<(), Refusal> {
        let rk = self.handle();
        // SAFETY: the producer lives, and is transactional; librdkafka lets any thread call these
        // and refuses two at a time.
        let error = unsafe {
            match call {
                Call::Init => c::rd_kafka_init_transactions(rk, timeout),
                Call::Begin => c::rd_kafka_begin_transaction(rk),
                Call::Commit => c::rd_kafka_commit_transaction(rk, timeout),
                Call::Abort => c::rd_kafka_abort_transaction(rk, timeout),
            }
        };
        // SAFETY: the pointer is the answer of the call just made, owned by us, used only here.
        match unsafe { refusal(error) } {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// Waits until everything handed over was delivered, or has failed. `timeout` is in milliseconds.
    pub(crate) fn flush(&self, timeout: i32) -> Result<(), RDKafkaErrorCode> {
        // SAFETY: the producer lives; librdkafka lets any thread call this.
        match unsafe { c::rd_kafka_flush(self.handle(), timeout) } {
            c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            refused => Err(refused.into()),
        }
    }
}

impl Topic {
    /// Hands over records without headers, given by their numbers, to one partition; they are
    /// copied. Answers how many were taken and what the first refused one was told.
    pub(crate) fn batch(
        &self,
        scratch: &mut Scratch,
        partition: i32,
        records: &Records,
        numbers: &[u32],
    ) -> (usize, Option<RDKafkaErrorCode>) {
        let messages = &mut scratch.0;
        let of = |number: &u32| records.records.get(*number as usize);
        messages.extend(numbers.iter().filter_map(of).map(|record| message(records, record)));
        // SAFETY: the topic and its producer live; every pointer in `messages` points
        // into `records`, which is borrowed for the whole call; F_COPY keeps none of them.
        let taken = unsafe {
            c::rd_kafka_produce_batch(
                self.topic.as_ptr(),
                partition,
                c::RD_KAFKA_MSG_F_COPY,
                messages.as_mut_ptr(),
                messages.len() as i32,
            )
        };
        let none = c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        let refused = messages.iter().map(|m| m.err).find(|err| *err != none);
        messages.clear();
        (taken.max(0) as usize, refused.map(RDKafkaErrorCode::from))
    }

    /// Hands over one record with its headers and its own time; all of it is copied.
    pub(crate) fn single(
        &self,
        records: &Records,
        record: &Record,
    ) -> Result<(), RDKafkaErrorCode> {
        let from = record.headers as usize;
        let headers = records.headers.get(from..from + record.header_count as usize);
        let headers = Headers::new(records, headers.unwrap_or_default());
        let (key, key_len) = memory(records, record.key);
        let (value, value_len) = memory(records, record.value);
        let mem = |vtype, ptr, size| c::rd_kafka_vu_t {
            vtype,
            u: c::rd_kafka_vu_s__bindgen_ty_1 {
                mem: c::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr, size },
            },
        };
        use c::rd_kafka_vtype_t as T;
        type U = c::rd_kafka_vu_s__bindgen_ty_1;
        let vu = |vtype, u| c::rd_kafka_vu_t { vtype, u };
        // Zero is the time of sending.
        let timestamp = record.timestamp.unwrap_or(0);
        let parts = [
            vu(T::RD_KAFKA_VTYPE_RKT, U { rkt: self.topic.as_ptr() }),
            vu(T::RD_KAFKA_VTYPE_PARTITION, U { i32_: record.partition }),
            vu(T::RD_KAFKA_VTYPE_MSGFLAGS, U { i: c::RD_KAFKA_MSG_F_COPY }),
            vu(T::RD_KAFKA_VTYPE_TIMESTAMP, U { i64_: timestamp }),
            mem(T::RD_KAFKA_VTYPE_KEY, key, key_len),
            mem(T::RD_KAFKA_VTYPE_VALUE, value, value_len),
            vu(T::RD_KAFKA_VTYPE_HEADERS, U { headers: headers.0 }),
        ];
        let rk = self.producer.client().native_ptr();
        // SAFETY: the topic and its producer live; each part has the union field that its type
        // asks for; key and value lie in `records`, borrowed for the call, and are copied.
        let error = unsafe { c::rd_kafka_produceva(rk, parts.as_ptr(), parts.len()) };
        // SAFETY: the pointer is the answer of the call just made, owned by us, used only here.
        match unsafe { refusal(error) } {
            Some(refusal) => Err(refusal.code),
            None => {
                headers.given();
                Ok(())
            }
        }
    }
}

/// A list of headers, ours until librdkafka takes it.
struct Headers(*mut c::rd_kafka_headers_t);

impl Headers {
    fn new(records: &Records, headers: &[Header]) -> Self {
        // SAFETY: makes an empty list; no precondition.
        let list = unsafe { c::rd_kafka_headers_new(headers.len()) };
        for header in headers {
            let (name, name_len) = memory(records, Some(header.name));
            let (value, len) = memory(records, header.value);
            // SAFETY: the list is ours; name and value lie in `records` and are copied, their
            // lengths are given, so that no terminating zero is needed.
            unsafe {
                c::rd_kafka_header_add(
                    list,
                    name.cast(),
                    name_len as isize,
                    value.cast_const(),
                    len as isize,
                )
            };
        }
        Self(list)
    }

    /// librdkafka has taken the list.
    fn given(self) {
        std::mem::forget(self);
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // SAFETY: the list is ours: `given` is called when it is not, and forgets it.
        unsafe { c::rd_kafka_headers_destroy(self.0) }
    }
}

/// Start and length of a span; null only where there is none, as an empty value is a value.
fn memory(records: &Records, span: Option<Span>) -> (*mut c_void, usize) {
    match span.map(|span| span.of(&records.bytes)) {
        Some(bytes) => (bytes.as_ptr().cast_mut().cast(), bytes.len()),
        None => (ptr::null_mut(), 0),
    }
}

fn message(records: &Records, record: &Record) -> c::rd_kafka_message_t {
    let (key, key_len) = memory(records, record.key);
    let (payload, len) = memory(records, record.value);
    c::rd_kafka_message_t {
        err: c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
        rkt: ptr::null_mut(),
        partition: record.partition,
        payload,
        len,
        key,
        key_len,
        offset: 0,
        _private: ptr::null_mut(),
    }
}

/// Reads and frees an answer of librdkafka.
///
/// # Safety
/// `error` is null or an error object that nobody else uses.
unsafe fn refusal(error: *mut c::rd_kafka_error_t) -> Option<Refusal> {
    let error = NonNull::new(error)?.as_ptr();
    // SAFETY: not null, ours by the contract; the string is copied before the object is freed.
    unsafe {
        let refusal = Refusal {
            code: c::rd_kafka_error_code(error).into(),
            text: CStr::from_ptr(c::rd_kafka_error_string(error)).to_string_lossy().into_owned(),
            retriable: c::rd_kafka_error_is_retriable(error) != 0,
            abortable: c::rd_kafka_error_txn_requires_abort(error) != 0,
        };
        c::rd_kafka_error_destroy(error);
        Some(refusal)
    }
}
