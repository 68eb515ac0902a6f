//! The librdkafka calls that rdkafka's safe API lacks. The one file with `unsafe`.
//!
//! What makes these calls sound:
//! - a `&Client` (or a `&BorrowedMessage`) keeps what its pointer points at alive for the call, and librdkafka's
//!   handles may be used from any thread ("fully thread-safe", `rdkafka.h`);
//! - what librdkafka hands over is held by an [`Owned`], which destroys it exactly once;
//! - what librdkafka lends (results inside an event) is copied before the event goes;
//! - no call here may be made from a librdkafka thread; all are made from threads of ours.
//!
//! All of them block up to their `limit`: they are called through [`super::blocking`] or on a thread of their own.
#![expect(
    unsafe_code,
    reason = "wraps the librdkafka calls that rdkafka lacks, each with its safety argument"
)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings as rd;
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientContext, TopicPartitionList};

/// How much longer than the request's own limit the answer of librdkafka is awaited.
const ANSWER_GRACE: Duration = Duration::from_secs(1);
/// Room for the text of an error.
const ERROR_TEXT_BYTES: usize = 512;

/// What librdkafka or a broker answered instead of a result.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Which error.
    pub(super) code: RDKafkaErrorCode,
    /// What it said, which may name things by their names on the cluster.
    pub(super) text: String,
}

/// What the cluster says of itself.
pub(super) struct ClusterNodes {
    pub(super) cluster_id: Option<String>,
    pub(super) controller: Option<i32>,
    /// Id, host and port of each live broker.
    pub(super) brokers: Vec<(i32, String, u16)>,
}

/// A group as its coordinator describes it, by the cluster's names.
pub(super) struct Group {
    pub(super) state: String,
    pub(super) assignor: String,
    pub(super) members: Vec<Member>,
}

/// A member of a [`Group`].
pub(super) struct Member {
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) partitions: Vec<(String, i32)>,
}

/// Topic, partition and, where there is one, the offset.
pub(super) type FoundOffset = (String, i32, Option<i64>);

/// Which end of a log is asked for.
#[derive(Clone, Copy)]
pub(super) enum LogEnd {
    /// The oldest record that is kept.
    Start,
    /// The high watermark.
    HighWatermark,
}

/// The name of an error in Kafka or librdkafka, for example `UNKNOWN_TOPIC_OR_PART`.
pub(super) fn error_name(code: RDKafkaErrorCode) -> String {
    // The safe enum has librdkafka's numbers; only those that both know are turned into one.
    match rd::rd_kafka_resp_err_t::try_from(code as i32) {
        // SAFETY: takes any code and returns a static string.
        Ok(native) => text(unsafe { rd::rd_kafka_err2name(native) }),
        Err(_) => format!("{code:?}"),
    }
}

/// Whether a record may have been written, as librdkafka knows when it reports on it.
pub(super) fn may_be_written(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: the borrow keeps the message and the event that owns it alive; the call only reads.
    let status = unsafe { rd::rd_kafka_message_status(message.ptr()) };
    status != rd::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}

/// From `produce()` to now, where librdkafka knows it.
pub(super) fn latency_us(message: &BorrowedMessage<'_>) -> Option<u64> {
    // SAFETY: as in `may_be_written`.
    u64::try_from(unsafe { rd::rd_kafka_message_latency(message.ptr()) }).ok()
}

/// The headers of a record. (rdkafka's own panic where a name is not UTF-8.)
pub(super) fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    let mut headers = ptr::null_mut();
    // SAFETY: as in `may_be_written`. The headers stay the message's own.
    if no_error(unsafe { rd::rd_kafka_message_headers(message.ptr(), &mut headers) }).is_err() {
        return Vec::new();
    }
    let mut all = Vec::new();
    loop {
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the headers live as long as the message. Name and value are lent and copied here; where the call
        // succeeds the name ends with NUL and the value, unless null, has `size` bytes.
        unsafe {
            let found = rd::rd_kafka_header_get_all(headers, all.len(), &mut name, &mut value, &mut size);
            if no_error(found).is_err() {
                return all;
            }
            let value =
                (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), size).to_vec());
            all.push((text(name), value));
        }
    }
}

/// Log start offset and high watermark of a partition as the consumer last heard of them, without asking anyone.
pub(super) fn cached_watermarks<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    partition: i32,
) -> (Option<i64>, Option<i64>) {
    let Ok(topic) = CString::new(topic) else { return (None, None) };
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the client and the string live during the call; it writes the two numbers and keeps nothing.
    unsafe {
        rd::rd_kafka_get_watermark_offsets(
            client.native_ptr(),
            topic.as_ptr(),
            partition,
            &mut low,
            &mut high,
        )
    };
    let known = |offset: i64| (offset >= 0).then_some(offset);
    (known(low), known(high))
}

/// The id that the group's coordinator gave a consumer, if it has joined.
pub(super) fn member_id<C: ClientContext>(client: &Client<C>) -> Option<String> {
    // SAFETY: the client lives during the call. The string is ours and was allocated by librdkafka, so it is copied
    // and given back to `rd_kafka_mem_free`.
    let id = unsafe {
        let native = rd::rd_kafka_memberid(client.native_ptr());
        if native.is_null() {
            return None;
        }
        let id = text(native);
        rd::rd_kafka_mem_free(client.native_ptr(), native.cast());
        id
    };
    (!id.is_empty()).then_some(id)
}

/// Ends a consumer without closing it: no word to its group, no last commit.
///
/// rdkafka closes a consumer when it is dropped, so the wrapper is forgotten and its parts released one by one.
/// What is not released is private to it: a reference to the (emptied) queue and the group id, some 400 bytes.
pub(super) fn crash<C: ConsumerContext>(consumer: BaseConsumer<C>) {
    let native = consumer.client().native_ptr();
    let context = Arc::as_ptr(consumer.context());
    std::mem::forget(consumer);
    // SAFETY: the consumer was owned, so nobody else has the handle, and messages borrowed from it are gone. Its
    // wrapper is forgotten, so `rd_kafka_destroy` is not called a second time. This is no librdkafka thread. The
    // handle is destroyed before the context, which its callbacks use; the strong count that is taken off is the one
    // of the forgotten wrapper.
    unsafe {
        rd::rd_kafka_destroy_flags(native, rd::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        Arc::decrement_strong_count(context);
    }
}

/// Commits offsets and waits until the coordinator has them. (rdkafka's own waits without a limit.)
pub(super) fn commit<C: ClientContext>(
    client: &Client<C>,
    offsets: &TopicPartitionList,
    limit: Duration,
) -> Result<(), RDKafkaErrorCode> {
    let native = client.native_ptr();
    let queue = new_queue(native).map_err(|refusal| refusal.code)?;
    // SAFETY: client, list and queue live during the call; librdkafka copies the list and keeps a reference of its
    // own to the queue, so that an answer after the limit goes to a queue that is still there.
    let error =
        unsafe { rd::rd_kafka_commit_queue(native, offsets.ptr(), queue.get(), None, ptr::null_mut()) };
    no_error(error)?;
    let event = poll(&queue, limit).ok_or(RDKafkaErrorCode::OperationTimedOut)?;
    // SAFETY: the event is alive and the call only reads.
    no_error(unsafe { rd::rd_kafka_event_error(event.get()) })
}

/// Commits offsets and goes on: the answer comes to the consumer's commit callback. (After rdkafka's own
/// asynchronous commit it never does: librdkafka has no queue to send it to.)
pub(super) fn commit_in_background<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: &TopicPartitionList,
) -> Result<(), RDKafkaErrorCode> {
    let native = consumer.client().native_ptr();
    // SAFETY: the consumer lives during the call, which gives a reference to its queue, ours to destroy.
    let queue = unsafe { Owned::new(rd::rd_kafka_queue_get_consumer(native), rd::rd_kafka_queue_destroy) }
        .ok_or(RDKafkaErrorCode::State)?;
    // SAFETY: as in `commit`. The event goes to the queue that `BaseConsumer::poll` serves.
    no_error(unsafe { rd::rd_kafka_commit_queue(native, offsets.ptr(), queue.get(), None, ptr::null_mut()) })
}

/// Cluster id, controller and brokers.
pub(super) fn describe_cluster<C: ClientContext>(
    client: &Client<C>,
    limit: Duration,
) -> Result<ClusterNodes, Refusal> {
    let op = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER;
    // SAFETY (of the closure): `ask` passes living handles.
    let event = ask(client, op, limit, |rk, options, queue| unsafe {
        rd::rd_kafka_DescribeCluster(rk, options, queue);
    })?;
    // SAFETY: the result and all that is read from it belong to the event, which lives until the end; all is copied.
    unsafe {
        let result = rd::rd_kafka_event_DescribeCluster_result(event.get());
        if result.is_null() {
            return Err(unexpected_answer());
        }
        let node = |node: *const rd::rd_kafka_Node_t| {
            (rd::rd_kafka_Node_id(node), text(rd::rd_kafka_Node_host(node)), rd::rd_kafka_Node_port(node))
        };
        let cluster_id = rd::rd_kafka_DescribeCluster_result_cluster_id(result);
        let controller = rd::rd_kafka_DescribeCluster_result_controller(result);
        let mut count = 0;
        let nodes = rd::rd_kafka_DescribeCluster_result_nodes(result, &mut count);
        Ok(ClusterNodes {
            cluster_id: (!cluster_id.is_null()).then(|| text(cluster_id)),
            controller: (!controller.is_null())
                .then(|| rd::rd_kafka_Node_id(controller))
                .filter(|id| *id >= 0),
            brokers: (0..count).map(|at| node(*nodes.add(at))).collect(),
        })
    }
}

/// Makes a topic; `-1` leaves partitions or replication factor to the broker. (rdkafka's own drops the broker's
/// explanation.)
pub(super) fn create_topic<C: ClientContext>(
    client: &Client<C>,
    name: &str,
    partitions: i32,
    replication_factor: i32,
    configs: &[(&str, &str)],
    limit: Duration,
) -> Result<(), Refusal> {
    let name = c_string(name)?;
    let mut problem = [0 as c_char; ERROR_TEXT_BYTES];
    // SAFETY: the name ends with NUL and is copied; at most the given number of bytes is written to `problem`.
    let topic = unsafe {
        let topic = rd::rd_kafka_NewTopic_new(
            name.as_ptr(),
            partitions,
            replication_factor,
            problem.as_mut_ptr(),
            problem.len(),
        );
        Owned::new(topic, rd::rd_kafka_NewTopic_destroy)
    }
    .ok_or_else(|| Refusal { code: RDKafkaErrorCode::InvalidArgument, text: text(problem.as_ptr()) })?;
    for (name, value) in configs {
        let (name, value) = (c_string(name)?, c_string(value)?);
        // SAFETY: the topic is alive; both strings end with NUL and are copied.
        let error = unsafe { rd::rd_kafka_NewTopic_set_config(topic.get(), name.as_ptr(), value.as_ptr()) };
        no_error(error).map_err(|code| Refusal { code, text: String::new() })?;
    }
    let op = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATETOPICS;
    let mut topics = [topic.get()];
    // SAFETY (of the closure): `ask` passes living handles; the one topic is alive and is copied by the call.
    let event = ask(client, op, limit, |rk, options, queue| unsafe {
        rd::rd_kafka_CreateTopics(rk, topics.as_mut_ptr(), topics.len(), options, queue);
    })?;
    // SAFETY: as in `describe_cluster`; the result has one entry for the one topic, and its count is checked.
    unsafe {
        let result = rd::rd_kafka_event_CreateTopics_result(event.get());
        if result.is_null() {
            return Err(unexpected_answer());
        }
        let mut count = 0;
        let results = rd::rd_kafka_CreateTopics_result_topics(result, &mut count);
        if count == 0 {
            return Err(unexpected_answer());
        }
        no_error(rd::rd_kafka_topic_result_error(*results))
            .map_err(|code| Refusal { code, text: text(rd::rd_kafka_topic_result_error_string(*results)) })
    }
}

/// One end of each of these partitions, in two round trips for all. `None` where the leader gave no answer.
pub(super) fn log_ends<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    partitions: &[i32],
    end: LogEnd,
    limit: Duration,
) -> Result<Vec<FoundOffset>, Refusal> {
    let spec = match end {
        LogEnd::Start => rd::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_EARLIEST,
        LogEnd::HighWatermark => rd::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_LATEST,
    };
    let mut wanted = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        let offset = rdkafka::Offset::from_raw(i64::from(spec as i32));
        wanted
            .add_partition_offset(topic, *partition, offset)
            .map_err(|_| Refusal { code: RDKafkaErrorCode::InvalidArgument, text: String::new() })?;
    }
    let op = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTOFFSETS;
    // SAFETY (of the closure): `ask` passes living handles; the list is alive and is copied by the call.
    let event = ask(client, op, limit, |rk, options, queue| unsafe {
        rd::rd_kafka_ListOffsets(rk, wanted.ptr(), options, queue);
    })?;
    // SAFETY: as in `describe_cluster`.
    unsafe {
        let result = rd::rd_kafka_event_ListOffsets_result(event.get());
        if result.is_null() {
            return Err(unexpected_answer());
        }
        let mut count = 0;
        let infos = rd::rd_kafka_ListOffsets_result_infos(result, &mut count);
        Ok((0..count)
            .map(|at| found_offset(rd::rd_kafka_ListOffsetsResultInfo_topic_partition(*infos.add(at))))
            .collect())
    }
}

/// A group's state and members.
pub(super) fn describe_group<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    limit: Duration,
) -> Result<Group, Refusal> {
    let group = c_string(group)?;
    let mut groups = [group.as_ptr()];
    let op = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    // SAFETY (of the closure): `ask` passes living handles; the one name is alive and is copied by the call.
    let event = ask(client, op, limit, |rk, options, queue| unsafe {
        rd::rd_kafka_DescribeConsumerGroups(rk, groups.as_mut_ptr(), groups.len(), options, queue);
    })?;
    // SAFETY: as in `describe_cluster`; members are asked for by indexes below their count.
    unsafe {
        let result = rd::rd_kafka_event_DescribeConsumerGroups_result(event.get());
        if result.is_null() {
            return Err(unexpected_answer());
        }
        let mut count = 0;
        let groups = rd::rd_kafka_DescribeConsumerGroups_result_groups(result, &mut count);
        if count == 0 {
            return Err(unexpected_answer());
        }
        let group = *groups;
        given(rd::rd_kafka_ConsumerGroupDescription_error(group))?;
        let member = |at| {
            let member = rd::rd_kafka_ConsumerGroupDescription_member(group, at);
            let assignment = rd::rd_kafka_MemberDescription_assignment(member);
            let partitions = if assignment.is_null() {
                Vec::new()
            } else {
                partitions(rd::rd_kafka_MemberAssignment_partitions(assignment))
            };
            Member {
                id: text(rd::rd_kafka_MemberDescription_consumer_id(member)),
                client_id: text(rd::rd_kafka_MemberDescription_client_id(member)),
                host: text(rd::rd_kafka_MemberDescription_host(member)),
                partitions: partitions.into_iter().map(|(topic, number, _)| (topic, number)).collect(),
            }
        };
        let state = rd::rd_kafka_ConsumerGroupDescription_state(group);
        Ok(Group {
            state: text(rd::rd_kafka_consumer_group_state_name(state)),
            assignor: text(rd::rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            members: (0..rd::rd_kafka_ConsumerGroupDescription_member_count(group)).map(member).collect(),
        })
    }
}

/// All offsets that a group has committed.
pub(super) fn committed_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    limit: Duration,
) -> Result<Vec<FoundOffset>, Refusal> {
    let group = c_string(group)?;
    // SAFETY: the name is copied; without partitions all are asked for.
    let request = unsafe {
        let request = rd::rd_kafka_ListConsumerGroupOffsets_new(group.as_ptr(), ptr::null());
        Owned::new(request, rd::rd_kafka_ListConsumerGroupOffsets_destroy)
    }
    .ok_or_else(unexpected_answer)?;
    let mut requests = [request.get()];
    let op = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
    // SAFETY (of the closure): `ask` passes living handles; the one request is alive and is copied by the call.
    let event = ask(client, op, limit, |rk, options, queue| unsafe {
        rd::rd_kafka_ListConsumerGroupOffsets(rk, requests.as_mut_ptr(), requests.len(), options, queue);
    })?;
    // SAFETY: as in `describe_cluster`.
    unsafe {
        let result = rd::rd_kafka_event_ListConsumerGroupOffsets_result(event.get());
        if result.is_null() {
            return Err(unexpected_answer());
        }
        let mut count = 0;
        let groups = rd::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &mut count);
        if count == 0 {
            return Err(unexpected_answer());
        }
        given(rd::rd_kafka_group_result_error(*groups))?;
        Ok(partitions(rd::rd_kafka_group_result_partitions(*groups)))
    }
}

/// Sends one admin request and waits for its event.
fn ask<C: ClientContext>(
    client: &Client<C>,
    op: rd::rd_kafka_admin_op_t,
    limit: Duration,
    send: impl FnOnce(*mut rd::rd_kafka_t, *const rd::rd_kafka_AdminOptions_t, *mut rd::rd_kafka_queue_t),
) -> Result<Owned<rd::rd_kafka_event_t>, Refusal> {
    let native = client.native_ptr();
    let queue = new_queue(native)?;
    // SAFETY: the client lives during the call; the options are ours to destroy.
    let options =
        unsafe { Owned::new(rd::rd_kafka_AdminOptions_new(native, op), rd::rd_kafka_AdminOptions_destroy) }
            .ok_or_else(unexpected_answer)?;
    let mut problem = [0 as c_char; ERROR_TEXT_BYTES];
    // SAFETY: the options are alive; at most the given number of bytes is written to `problem`.
    let error = unsafe {
        rd::rd_kafka_AdminOptions_set_request_timeout(
            options.get(),
            millis(limit),
            problem.as_mut_ptr(),
            problem.len(),
        )
    };
    no_error(error).map_err(|code| Refusal { code, text: text(problem.as_ptr()) })?;
    send(native, options.get(), queue.get());
    let event = poll(&queue, limit + ANSWER_GRACE)
        .ok_or(Refusal { code: RDKafkaErrorCode::OperationTimedOut, text: String::new() })?;
    // SAFETY: the event is alive; both calls only read.
    unsafe {
        no_error(rd::rd_kafka_event_error(event.get()))
            .map_err(|code| Refusal { code, text: text(rd::rd_kafka_event_error_string(event.get())) })?;
    }
    Ok(event)
}

/// The next event of a queue.
fn poll(queue: &Owned<rd::rd_kafka_queue_t>, limit: Duration) -> Option<Owned<rd::rd_kafka_event_t>> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // SAFETY: the queue is alive; the event, where there is one, is ours to destroy.
        let event = unsafe {
            Owned::new(rd::rd_kafka_queue_poll(queue.get(), millis(left)), rd::rd_kafka_event_destroy)
        };
        if event.is_some() || left.is_zero() {
            return event;
        }
    }
}

fn new_queue(client: *mut rd::rd_kafka_t) -> Result<Owned<rd::rd_kafka_queue_t>, Refusal> {
    // SAFETY: callers pass the handle of a client that they borrow; the queue is ours to destroy.
    unsafe { Owned::new(rd::rd_kafka_queue_new(client), rd::rd_kafka_queue_destroy) }
        .ok_or_else(unexpected_answer)
}

/// # Safety
/// `partition` points at a living partition of librdkafka's.
unsafe fn found_offset(partition: *const rd::rd_kafka_topic_partition_t) -> FoundOffset {
    // SAFETY: by the contract.
    let partition = unsafe { &*partition };
    let known = no_error(partition.err).is_ok() && partition.offset >= 0;
    (text(partition.topic), partition.partition, known.then_some(partition.offset))
}

/// # Safety
/// `list` is null or points at a living list of librdkafka's.
unsafe fn partitions(list: *const rd::rd_kafka_topic_partition_list_t) -> Vec<FoundOffset> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: by the contract; `cnt` elements are initialised.
    unsafe {
        let count = usize::try_from((*list).cnt).unwrap_or(0);
        (0..count).map(|at| found_offset((*list).elems.add(at))).collect()
    }
}

/// # Safety
/// `error` is null or points at a living error of librdkafka's.
unsafe fn given(error: *const rd::rd_kafka_error_t) -> Result<(), Refusal> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: by the contract; both calls only read.
    unsafe {
        no_error(rd::rd_kafka_error_code(error))
            .map_err(|code| Refusal { code, text: text(rd::rd_kafka_error_string(error)) })
    }
}

fn no_error(code: rd::rd_kafka_resp_err_t) -> Result<(), RDKafkaErrorCode> {
    match code {
        rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        error => Err(error.into()),
    }
}

fn unexpected_answer() -> Refusal {
    Refusal { code: RDKafkaErrorCode::Fail, text: "librdkafka gave no result".to_owned() }
}

fn c_string(text: &str) -> Result<CString, Refusal> {
    CString::new(text).map_err(|_| Refusal {
        code: RDKafkaErrorCode::InvalidArgument,
        text: "A name or value may not contain a zero byte.".to_owned(),
    })
}

fn millis(limit: Duration) -> c_int {
    c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX)
}

/// Copies a C string of librdkafka's; null is empty.
fn text(native: *const c_char) -> String {
    if native.is_null() {
        return String::new();
    }
    // SAFETY: all callers pass strings of librdkafka's, which end with NUL and live during the call.
    unsafe { CStr::from_ptr(native) }.to_string_lossy().into_owned()
}

/// A librdkafka object that is ours to destroy.
struct Owned<T> {
    native: NonNull<T>,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// `None` for null.
    ///
    /// # Safety
    /// `native` is null or owned by the caller, and `destroy` is its destructor.
    unsafe fn new(native: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        NonNull::new(native).map(|native| Self { native, destroy })
    }

    fn get(&self) -> *mut T {
        self.native.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: by the contract of `new`, and `self` is gone afterwards.
        unsafe { (self.destroy)(self.native.as_ptr()) }
    }
}
