// Command worker is a Jobstream worker in one file. It speaks the protocol of docs/worker-protocol.md; the names are
// those used there.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	errOvertaken = errors.New("the job has moved on without this attempt")
	errShutdown  = errors.New("the worker is shutting down")
	errTimeout   = errors.New("the attempt took longer than the job allows")
)

var jobID = regexp.MustCompile("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

const (
	largestResult = 256 * 1024
	appendTries   = 100
	beatEvery     = 4 * time.Second
	announceEvery = time.Hour
	runsListed    = 100
	measureEvery  = time.Minute
	clockSet      = 250 * time.Millisecond
	maxEarly      = 30 * time.Second
)

// Unrecoverable is returned by a handler when another attempt cannot help.
type Unrecoverable struct{ error }

// InvalidPayload is returned by a handler that cannot make sense of its payload.
type InvalidPayload struct{ error }

// Event is the body of every message about a job.
type Event struct {
	V           int       `json:"v"`
	ID          string    `json:"id"`
	Event       string    `json:"event"`
	JobID       string    `json:"jobId"`
	JobType     string    `json:"jobType"`
	Version     int       `json:"version"`
	At          time.Time `json:"at"`
	Actor       Actor     `json:"actor"`
	CausationID string    `json:"causationId,omitempty"`
	Tenant      string    `json:"tenant,omitempty"`
	Data        Data      `json:"data"`

	newer bool // only newer workers understand it
}

var eventNames = []string{
	"JobCreated", "JobStarted", "JobProgressed", "JobCompleted", "JobRetryScheduled", "JobFailed", "JobCancelled",
	"JobRequeued", "JobReleased", "JobCarried",
}

// newerWait is how long a job waits that only newer workers can read, before it is offered again.
const newerWait = 5 * time.Second

func (e Event) subject() string {
	token := strings.ToLower(strings.TrimPrefix(e.Event, "Job"))
	if e.Event == "JobRetryScheduled" {
		token = "retry-scheduled"
	}
	return "jobs." + e.JobType + "." + e.JobID + "." + token
}

type Actor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Data has the fields of all events; each event uses a few.
type Data struct {
	Attempt    int        `json:"attempt,omitempty"`
	Worker     string     `json:"worker,omitempty"`
	Percent    *float64   `json:"percent,omitempty"`
	Message    string     `json:"message,omitempty"`
	Result     any        `json:"result,omitempty"`
	DurationMs *int64     `json:"durationMs,omitempty"`
	Error      *JobError  `json:"error,omitempty"`
	RetryAt    *time.Time `json:"retryAt,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	Discarded  *int       `json:"discarded,omitempty"`

	Payload     json.RawMessage `json:"payload,omitempty"`
	MaxAttempts int             `json:"maxAttempts,omitempty"`
	TimeoutMs   int64           `json:"timeoutMs,omitempty"`
	Backoff     *Backoff        `json:"backoff,omitempty"`
	RunAt       *time.Time      `json:"runAt,omitempty"`

	Status    string     `json:"status,omitempty"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	StartedBy string     `json:"startedBy,omitempty"`
}

type JobError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

type Backoff struct {
	Type       string  `json:"type"`
	DelayMs    float64 `json:"delayMs"`
	MaxDelayMs float64 `json:"maxDelayMs"`
	Jitter     float64 `json:"jitter"`
}

// after tells how long the job waits after its failed attempt: docs/job-lifecycle.md.
func (b Backoff) after(attempt int) time.Duration {
	ms := b.DelayMs
	if b.Type == "exponential" {
		ms = min(ms*math.Pow(2, float64(min(attempt-1, 64))), b.MaxDelayMs)
		ms *= 1 - b.Jitter*mathrand.Float64()
	}
	return time.Duration(math.Round(ms)) * time.Millisecond
}

// Job is the fold of a job's events, as far as a worker needs it.
type Job struct {
	Created   Event
	Sequence  uint64
	Version   int
	Status    string
	Attempt   int
	RunAt     time.Time
	StartedBy string
	Worker    string
	RunID     string
	StartedAt time.Time

	Dispatches []uint64 // the sequences of its first event and of each JobRequeued
	Carried    uint64   // the sequence of its last JobCarried: calls for work before it are obsolete
	Unreadable bool     // it has events that only newer workers understand: the rest may be wrong
}

// newJob is the job with which a history begins: with a JobCreated, or with a JobCarried where the log has lost events.
func newJob(created Event, sequence uint64) *Job {
	if created.Event == "JobCarried" {
		return carriedJob(created, sequence)
	}
	job := Job{Created: created, Sequence: sequence, Version: 1, Status: "pending", Dispatches: []uint64{sequence}}
	if runAt := created.Data.RunAt; runAt != nil {
		job.RunAt = *runAt
		if runAt.After(created.At) {
			job.Status = "scheduled"
		}
	}
	return &job
}

func carriedJob(carried Event, sequence uint64) *Job {
	data := carried.Data
	job := Job{
		Created: carried, Sequence: sequence, Version: carried.Version, Status: data.Status, Attempt: data.Attempt,
		StartedBy: data.StartedBy, Worker: data.Worker, Dispatches: []uint64{sequence}, Carried: sequence,
	}
	if data.RunAt != nil {
		job.RunAt = *data.RunAt
	}
	if data.StartedAt != nil {
		job.StartedAt = *data.StartedAt
	}
	return &job
}

func (j Job) after(event Event, sequence uint64) *Job {
	j.Sequence, j.Version = sequence, event.Version
	if event.newer {
		j.Unreadable = true
		return &j
	}
	switch event.Event {
	case "JobStarted":
		j.Status, j.Attempt = "processing", event.Data.Attempt
		j.Worker, j.StartedBy = event.Data.Worker, event.CausationID
		j.RunID, j.StartedAt = event.ID, event.At
	case "JobRetryScheduled":
		j.Status, j.RunAt = "retrying", *event.Data.RetryAt
	case "JobReleased":
		j.Status, j.Attempt = "pending", j.Attempt-1
	case "JobRequeued":
		j.Status, j.Attempt, j.RunAt, j.StartedBy = "pending", 0, time.Time{}, ""
		j.Dispatches = append(slices.Clip(j.Dispatches), sequence)
		j.Unreadable = j.Unreadable && event.Data.Discarded == nil
	case "JobCompleted", "JobFailed", "JobCancelled":
		j.Status = strings.ToLower(strings.TrimPrefix(event.Event, "Job"))
	case "JobCarried":
		j.StartedBy, j.Carried = event.Data.StartedBy, sequence
	}
	return &j
}

// isSameAttempt: the name of a worker and the time tell attempts apart whose numbers are the same, as after a requeue.
func (j Job) isSameAttempt(other *Job) bool {
	return !j.Unreadable && j.Status == "processing" && other.Status == "processing" &&
		j.Attempt == other.Attempt && j.Worker == other.Worker && j.StartedAt.Equal(other.StartedAt)
}

// precedes tells whether the event is the job's next: others count for nothing.
func (j Job) precedes(event *Event) bool {
	return event != nil && event.Version == j.Version+1 &&
		(event.newer || event.Event != "JobRetryScheduled" || event.Data.RetryAt != nil)
}

func (j Job) isLastAttempt() bool { return j.Attempt >= j.Created.Data.MaxAttempts }

// ServerClock is the clock of the server, which alone decides what is due; in monotonic time between two measurements.
type ServerClock struct {
	nc       *nats.Conn
	mutex    sync.Mutex
	server   time.Time // its time at `measured`
	measured time.Time
	stale    bool
}

// Now is the time of the server.
func (c *ServerClock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.server.Add(time.Since(c.measured)).Truncate(time.Millisecond)
}

// Measure believes the fastest of three answers: the server read its clock between the request and the answer.
func (c *ServerClock) Measure() error {
	var server, measured time.Time
	fastest := time.Duration(math.MaxInt64)
	for range 3 {
		asked := time.Now()
		answer, err := c.nc.Request("$JS.API.STREAM.INFO.TIMERS", nil, 2*time.Second)
		if err != nil {
			return err
		}
		var info struct{ TS time.Time }
		if err := json.Unmarshal(answer.Data, &info); err != nil {
			return err
		}
		if took := time.Since(asked); took < fastest {
			fastest, measured = took, time.Now()
			server = info.TS.Add(took / 2)
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.server, c.measured, c.stale = server, measured, false
	return nil
}

// Doubt makes Keep measure: the connection may lead to another server now.
func (c *ServerClock) Doubt() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.stale = true
}

// Keep measures again when it is time to, or when the clock of this machine was set or the machine slept.
func (c *ServerClock) Keep() {
	c.mutex.Lock()
	passed := time.Since(c.measured) // in monotonic time
	moved := time.Now().Round(0).Sub(c.measured.Round(0)) - passed
	old := c.stale || passed >= measureEvery || moved.Abs() > clockSet
	c.mutex.Unlock()
	if !old {
		return
	}
	if err := c.Measure(); err != nil {
		c.Doubt()
		slog.Warn("the clock of the server is not measured", "error", err)
	}
}

// Call is a message that calls for work on a job: a JobCreated or JobRequeued, or a timer that fired.
type Call struct {
	jetstream.Msg
	jobID    string
	event    *Event // nil for a timer
	sequence uint64
	delivery int
	firedFor time.Time     // the time for which a timer was set, if the server fired it then, later, or early on purpose
	wait     time.Duration // of a timer that was fired early: the rest of its time
}

func (c Call) name() string {
	if c.event == nil {
		return fmt.Sprintf("timer:%d", c.sequence)
	}
	return c.event.ID
}

func (c Call) cause() string {
	if c.delivery == 1 {
		return c.name()
	}
	return fmt.Sprintf("%s#%d", c.name(), c.delivery)
}

// deliveryThatStarted tells by which delivery of this message the job's last attempt was started; 0 if it was another message.
func (c Call) deliveryThatStarted(job *Job) int {
	name, delivery, numbered := strings.Cut(job.StartedBy, "#")
	switch {
	case job.StartedBy == "":
		return 1
	case name != c.name():
		return 0
	case !numbered:
		return 1
	}
	number, _ := strconv.Atoi(delivery)
	return number
}

// isWholeHistory tells whether it is the first delivery of the job's first message.
func (c Call) isWholeHistory() bool {
	return c.event != nil && c.event.Event == "JobCreated" && c.delivery == 1
}

// isCopyIn tells whether somebody who does not keep to the protocol has stored an event of the job once more.
func (c Call) isCopyIn(job *Job) bool {
	return c.event != nil && c.sequence > job.Dispatches[0] && !slices.Contains(job.Dispatches, c.sequence)
}

// isFirst tells whether the server has stored a JobCreated only because the job had none.
func isFirst(header nats.Header, created *Event) bool {
	compared := header.Get("Nats-Expected-Last-Subject-Sequence-Subject")
	filters := []string{"", "jobs.*." + created.JobID + ".>", "jobs." + created.JobType + "." + created.JobID + ".>"}
	return header.Get("Nats-Expected-Last-Subject-Sequence") == "0" && slices.Contains(filters, compared)
}

type decision int

const (
	acknowledge decision = iota
	start
	giveUp
	setTimer
	handBack
	leave // to a newer worker
)

// plan tells what a call for work means for a job in this state, at this time of the server: the table in the protocol.
func plan(job *Job, call Call, now time.Time) decision {
	if job != nil && job.Unreadable {
		return leave
	}
	if job == nil || slices.Contains([]string{"completed", "failed", "cancelled"}, job.Status) || call.isCopyIn(job) {
		return acknowledge
	}
	if call.event != nil && call.sequence < job.Carried {
		return acknowledge // the log is about to lose the message: a timer calls instead
	}
	startedBy := call.deliveryThatStarted(job)
	switch {
	case job.Status == "scheduled" || job.Status == "retrying":
		served := call.delivery > 1 || (job.StartedBy != "" && startedBy > 0)
		if !call.firedFor.IsZero() {
			now = call.firedFor
		}
		if served || job.RunAt.After(now) {
			return setTimer
		}
		return start
	case job.Status != "processing":
		return start
	case startedBy == 0 && (call.event != nil || call.delivery > 1):
		return acknowledge
	case startedBy == 0 || call.delivery <= startedBy:
		return handBack
	case job.isLastAttempt():
		return giveUp
	}
	return start
}

// Attempt is an attempt that runs here.
type Attempt struct {
	Payload json.RawMessage
	Number  int

	worker *Worker
	call   Call
	abort  context.CancelCauseFunc
	mutex  sync.Mutex
	job    *Job   // follows what the attempt appends
	began  uint64 // the sequence of its JobStarted
}

// Progress tells how far the work is.
func (a *Attempt) Progress(percent float64) error {
	return a.append("JobProgressed", a.worker.clock.Now(), Data{Percent: &percent})
}

func (a *Attempt) append(name string, at time.Time, data Data) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	data.Attempt = a.Number
	job, err := a.worker.append(a.call, a.job, name, at, data)
	if err == nil {
		a.job = job
	}
	return err
}

// state is the job after what the attempt has appended so far.
func (a *Attempt) state() *Job {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.job
}

// Handler does the work of one job type. What it returns becomes the result; nil is none.
type Handler func(ctx context.Context, attempt *Attempt) (any, error)

// Worker runs the jobs of one type.
type Worker struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	jobType  string
	clock    *ServerClock
	identity Identity
	handle   Handler
	settings Settings
	ackWait  time.Duration // the shortest wait for acknowledgements that its consumers may have
	slots    chan struct{}
	serving  sync.WaitGroup
	running  sync.Map // of job ids to attempts

	closing context.Context // ends when running attempts must end
	close   context.CancelCauseFunc
}

func newWorker(nc *nats.Conn, jobType string, handle Handler, settings Settings) (*Worker, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	clock := &ServerClock{nc: nc}
	if err := clock.Measure(); err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	identity := Identity{
		V: 1, Host: host, StartedAt: clock.Now().UTC(), Name: "example-go",
		Worker: fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:6]),
	}
	closing, closeAll := context.WithCancelCause(context.Background())
	return &Worker{
		nc: nc, js: js, jobType: jobType, handle: handle, settings: settings,
		clock: clock, identity: identity,
		ackWait: settings.AckWait,
		slots:   make(chan struct{}, settings.Concurrency),
		closing: closing, close: closeAll,
	}, nil
}

// Run takes calls for work until the context ends, gives running attempts the grace time, and releases the rest.
func (w *Worker) Run(ctx context.Context) error {
	ended := make(chan struct{})
	var announcing sync.WaitGroup
	announcing.Go(func() { w.announce(ctx, ended) })
	defer announcing.Wait()
	defer close(ended)
	created, err := w.consumer(ctx, "JOBS", "worker-"+w.jobType, "jobs."+w.jobType+".*.created")
	if err != nil {
		return unlessStopped(ctx, err)
	}
	requeued, err := w.consumer(ctx, "JOBS", "requeued-"+w.jobType, "jobs."+w.jobType+".*.requeued")
	if err != nil {
		return unlessStopped(ctx, err)
	}
	timers, err := w.consumer(ctx, "TIMERS", "due-"+w.jobType, "timers.due."+w.jobType)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	hints, err := w.nc.Subscribe("jobs."+w.jobType+".*.cancelled", func(hint *nats.Msg) {
		go w.abortIfMovedOn(strings.Split(hint.Subject, ".")[2])
	})
	if err != nil {
		return err
	}
	defer hints.Unsubscribe()
	var taking sync.WaitGroup
	for _, messages := range []jetstream.MessagesContext{created, requeued, timers} {
		taking.Go(func() { w.take(ctx, messages) })
	}
	slog.Info("ready", "worker", w.identity.Worker, "type", w.jobType)
	taking.Wait()
	grace := time.AfterFunc(w.settings.Grace, func() { w.close(errShutdown) })
	defer grace.Stop()
	w.serving.Wait()
	return nil
}

// Identity is what announcements and heartbeats begin with.
type Identity struct {
	V         int       `json:"v"`
	Worker    string    `json:"worker"`
	Host      string    `json:"host"`
	StartedAt time.Time `json:"startedAt"`
	Name      string    `json:"name"`
}

type Announcement struct {
	Identity
	Type          string          `json:"type"`
	PayloadSchema json.RawMessage `json:"payloadSchema,omitempty"`
	Limits        Limits          `json:"limits"`
	AckWaitMs     int64           `json:"ackWaitMs"`
}

type Limits struct {
	Concurrency int `json:"concurrency"`
}

type Heartbeat struct {
	Identity
	Protocol     int      `json:"protocol"`
	Pid          int      `json:"pid"`
	Runtime      string   `json:"runtime"`
	Types        []string `json:"types"`
	Stopping     bool     `json:"stopping,omitempty"`
	RunningCount int      `json:"runningCount"`
	Running      []Run    `json:"running"`
}

type Run struct {
	JobID     string    `json:"jobId"`
	Type      string    `json:"type"`
	Attempt   int       `json:"attempt"`
	RunID     string    `json:"runId"`
	StartedAt time.Time `json:"startedAt"`
}

// announce reports the job type and the worker to the API until the worker has ended. These are hints: what fails is left
// to the next time.
func (w *Worker) announce(ctx context.Context, ended <-chan struct{}) {
	var announced time.Time
	failing := false
	stopping := ctx.Done()
	for {
		if time.Since(announced) >= announceEvery {
			if err := w.announceType(); err == nil {
				announced, failing = time.Now(), false
			} else if !failing {
				slog.Warn("the job type is not announced", "error", err)
				failing = true
			}
		}
		w.beat(ctx.Err() != nil)
		w.clock.Keep()
		select {
		case <-ended:
			w.beat(true)
			return
		case <-stopping:
			stopping = nil // the first heartbeat with `stopping` does not wait for its time
		case <-time.After(beatEvery):
		}
	}
}

func (w *Worker) announceType() error {
	body, err := json.Marshal(Announcement{
		Identity: w.identity, Type: w.jobType,
		PayloadSchema: payloadSchemas[w.jobType], Limits: Limits{w.settings.Concurrency},
		AckWaitMs: w.settings.AckWait.Milliseconds(),
	})
	if err != nil {
		return err
	}
	msg := &nats.Msg{Subject: "types." + w.jobType + "." + w.token(), Data: body, Header: nats.Header{}}
	msg.Header.Set("Nats-TTL", "24h")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err = w.js.PublishMsg(ctx, msg)
	return err
}

func (w *Worker) beat(stopping bool) {
	runs := []Run{}
	for _, running := range w.running.Range {
		job := running.(*Attempt).state()
		runs = append(runs, Run{
			JobID: job.Created.JobID, Type: w.jobType, Attempt: job.Attempt, RunID: job.RunID, StartedAt: job.StartedAt,
		})
	}
	slices.SortFunc(runs, func(one, other Run) int { return one.StartedAt.Compare(other.StartedAt) })
	body, err := json.Marshal(Heartbeat{
		Identity: w.identity, Protocol: 2, Pid: os.Getpid(), Runtime: "jobstream-example " + runtime.Version(),
		Types: []string{w.jobType}, Stopping: stopping,
		RunningCount: len(runs), Running: runs[:min(len(runs), runsListed)],
	})
	if err == nil {
		err = w.nc.Publish("workers."+w.token(), body)
	}
	if err != nil {
		slog.Debug("no heartbeat", "error", err)
	}
}

// token is the name of the worker in subjects.
func (w *Worker) token() string {
	return regexp.MustCompile("[^A-Za-z0-9_-]").ReplaceAllString(w.identity.Worker, "-")
}

func (w *Worker) consumer(ctx context.Context, stream, name, filter string) (jetstream.MessagesContext, error) {
	config := jetstream.ConsumerConfig{
		Durable: name, FilterSubject: filter,
		AckWait: w.settings.AckWait, MaxAckPending: 10_000, MaxDeliver: -1,
	}
	if stream == "TIMERS" {
		config.MaxAckPending = 50_000
	}
	consumer, err := w.findConsumer(ctx, stream, config)
	if err != nil {
		return nil, err
	}
	// Short for `requeued-<type>`: with each request the server looks through all that was stored since the last one.
	return consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(5*time.Second))
}

// unlessStopped ignores the error of a worker that was to end before its consumers were there.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// findConsumer waits for a consumer, which the API creates. A server without users lets the worker create it.
func (w *Worker) findConsumer(ctx context.Context, stream string, config jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	if w.settings.IsAnonymous {
		return w.js.CreateOrUpdateConsumer(ctx, stream, config)
	}
	for waiting := false; ; waiting = true {
		consumer, err := w.js.Consumer(ctx, stream, config.Durable)
		switch {
		case err == nil:
			w.ackWait = min(w.ackWait, consumer.CachedInfo().Config.AckWait)
			return consumer, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, jetstream.ErrConsumerNotFound):
			slog.Warn("the consumer cannot be looked up", "consumer", config.Durable, "error", err)
		case !waiting:
			slog.Warn("the consumer is missing: waiting until the API has created it", "consumer", config.Durable)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// take asks for one message at a time, and for the next when it has a slot: what waits here is kept alive.
func (w *Worker) take(ctx context.Context, messages jetstream.MessagesContext) {
	defer context.AfterFunc(ctx, messages.Drain)()
	for {
		msg, err := messages.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return
		}
		if err != nil {
			slog.Warn("the server does not deliver", "error", err)
			continue
		}
		stop := w.keepAlive(msg)
		w.slots <- struct{}{}
		w.serving.Go(func() {
			defer func() { stop(); <-w.slots }()
			w.serve(ctx, msg)
		})
	}
}

func (w *Worker) keepAlive(msg jetstream.Msg) (stop func()) {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		beat := time.NewTicker(w.ackWait / 3)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				_ = msg.InProgress()
			}
		}
	}()
	return stop
}

// serve takes a message from its arrival to its answer. An answer that is lost makes the message come again.
func (w *Worker) serve(ctx context.Context, msg jetstream.Msg) {
	if ctx.Err() != nil {
		_ = msg.Nak()
		return
	}
	call, err := w.readCall(msg)
	switch {
	case err != nil:
		slog.Error("no call for work", "subject", msg.Subject(), "error", err)
		_ = msg.Term()
	case call.event != nil && call.event.newer && isChecked(msg.Headers(), call.event):
		_ = msg.NakWithDelay(newerWait)
	case call.event != nil && call.event.newer:
		_ = msg.Term()
	case call.wait > 0:
		_ = msg.NakWithDelay(call.wait)
	default:
		err = w.answer(call)
	}
	if err != nil {
		slog.Error("the message will be delivered again", "job", call.jobID, "error", err)
	}
}

func (w *Worker) readCall(msg jetstream.Msg) (Call, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Call{}, err
	}
	call := Call{Msg: msg, sequence: meta.Sequence.Stream, delivery: int(meta.NumDelivered)}
	if meta.Stream == "JOBS" {
		call.event, err = decode(msg.Subject(), msg.Data(), msg.Headers())
		if err == nil {
			call.jobID = call.event.JobID
		}
		return call, err
	}
	var wake struct {
		JobID, JobType string
		At             time.Time
	}
	err = json.Unmarshal(msg.Data(), &wake)
	if err == nil && (!jobID.MatchString(wake.JobID) || msg.Subject() != "timers.due."+wake.JobType) {
		err = errors.New("not a wake-up of a job of this type")
	}
	call.jobID = wake.JobID
	if early := wake.At.Sub(meta.Timestamp); early <= maxEarly {
		call.firedFor = wake.At
		if early > 0 { // by design; that delivery does not count
			call.wait = min(early, wake.At.Sub(w.clock.Now()))
			call.delivery = max(1, call.delivery-1)
		}
	}
	return call, err
}

// decode reads an event, which counts only on its own subject; one of a newer release is not looked into.
func decode(subject string, data []byte, header nats.Header) (*Event, error) {
	var event Event
	err := json.Unmarshal(data, &event)
	event.newer = event.V > 1 || event.V == 1 && !slices.Contains(eventNames, event.Event)
	if event.newer && event.isNewerOn(subject) {
		return &event, nil
	}
	if err == nil && (event.newer || event.ID == "" || event.subject() != subject) {
		err = errors.New("not an event, or on the subject of another")
	}
	if err != nil {
		return nil, err
	}
	if event.Event == "JobCreated" && !isFirst(header, &event) {
		return nil, errors.New("not the first JobCreated of its job")
	}
	return &event, nil
}

// isNewerOn tells whether an event of a newer release belongs on the subject: one that is unknown has none of the known ones.
func (e Event) isNewerOn(subject string) bool {
	token, own := strings.CutPrefix(subject, "jobs."+e.JobType+"."+e.JobID+".")
	if !own || e.Event == "" || e.Version == 0 || strings.Contains(token, ".") {
		return false
	}
	if slices.Contains(eventNames, e.Event) {
		return e.subject() == subject
	}
	return !slices.ContainsFunc(eventNames, func(name string) bool {
		return Event{Event: name, JobType: e.JobType, JobID: e.JobID}.subject() == subject
	})
}

// isChecked tells whether the server has stored an event of a newer release only because it follows the job's last message.
func isChecked(header nats.Header, event *Event) bool {
	if event.Event == "JobCreated" {
		return isFirst(header, event)
	}
	expected, err := strconv.ParseUint(header.Get("Nats-Expected-Last-Subject-Sequence"), 10, 64)
	compared := header.Get("Nats-Expected-Last-Subject-Sequence-Subject")
	return err == nil && expected > 0 && compared == "jobs."+event.JobType+"."+event.JobID+".>"
}

func (w *Worker) answer(call Call) error {
	attempt, err := w.claim(call)
	if attempt != nil {
		err = w.run(attempt)
	}
	if !errors.Is(err, errOvertaken) {
		return err
	}
	slog.Warn(err.Error(), "job", call.jobID)
	job, err := w.read(call.jobID)
	if err == nil && (job == nil || job.Status != "processing" || call.deliveryThatStarted(job) == 0) {
		return call.Ack()
	}
	return err // without an answer: the message is in another worker's hands, and an answer would take it from there
}

// claim starts an attempt, or answers the call when there is nothing to start.
func (w *Worker) claim(call Call) (*Attempt, error) {
	job, err := w.stateFor(call)
	for err == nil {
		switch plan(job, call, w.clock.Now()) {
		case start:
			data := Data{Attempt: job.Attempt + 1, Worker: w.identity.Worker}
			started, failed := w.append(call, job, "JobStarted", w.clock.Now(), data)
			if errors.Is(failed, errOvertaken) {
				job, err = w.readFresh(call)
				continue
			}
			if failed != nil {
				return nil, failed
			}
			return &Attempt{Payload: job.Created.Data.Payload, Number: started.Attempt, worker: w, call: call, job: started, began: started.Sequence}, nil
		case giveUp:
			lost := JobError{Name: "WorkerLost", Message: fmt.Sprintf("worker %s stopped answering", job.Worker)}
			data := Data{Attempt: job.Attempt, Reason: "worker-lost", Error: &lost}
			if _, err := w.append(call, job, "JobFailed", w.clock.Now(), data); err != nil {
				return nil, err
			}
		case setTimer:
			if err := w.setTimer(call, job.RunAt); err != nil {
				return nil, err
			}
		case handBack:
			return nil, call.NakWithDelay(w.settings.AckWait)
		case leave:
			return nil, w.leaveToNewerWorker(call, job)
		}
		return nil, call.Ack()
	}
	return nil, err
}

// leaveToNewerWorker offers a job that waits by a new timer: a redelivery would look as if it had been left to its timer.
func (w *Worker) leaveToNewerWorker(call Call, job *Job) error {
	slog.Warn("the job has events that only newer workers understand", "job", call.jobID)
	if job.Status != "scheduled" && job.Status != "retrying" {
		return call.NakWithDelay(newerWait)
	}
	at := w.clock.Now().Add(newerWait)
	if job.RunAt.After(at) {
		at = job.RunAt
	}
	if err := w.setTimer(call, at); err != nil {
		return err
	}
	return call.Ack()
}

// stateFor reads the job, but the first delivery of a job's first message is the whole history: there is nothing to read.
func (w *Worker) stateFor(call Call) (*Job, error) {
	if call.isWholeHistory() {
		return newJob(*call.event, call.sequence), nil
	}
	return w.readFresh(call)
}

func (w *Worker) run(attempt *Attempt) error {
	began := time.Now()
	name, data, err := w.runHandler(attempt)
	if err != nil {
		return err
	}
	at := w.clock.Now()
	if name != "JobReleased" {
		data.DurationMs = new(time.Since(began).Milliseconds())
	}
	if name == "JobRetryScheduled" {
		data.RetryAt = new(at.Add(attempt.state().Created.Data.Backoff.after(attempt.Number)).UTC())
	}
	if err := attempt.append(name, at, data); err != nil {
		return err
	}
	slog.Info(name, "job", attempt.call.jobID, "attempt", attempt.Number)
	if name == "JobReleased" {
		if attempt.state().Carried > attempt.began { // the message that is handed back may be gone
			if err := w.setTimer(attempt.call, at); err != nil {
				return err
			}
		}
		return attempt.call.Nak()
	}
	if data.RetryAt != nil {
		if err := w.setTimer(attempt.call, *data.RetryAt); err != nil {
			return err
		}
	}
	return attempt.call.Ack()
}

// runHandler runs the handler and tells which event its outcome is; errOvertaken if the job has moved on meanwhile.
func (w *Worker) runHandler(attempt *Attempt) (string, Data, error) {
	aborted, abort := context.WithCancelCause(w.closing)
	defer abort(nil)
	attempt.abort = abort
	timeout := time.Duration(attempt.state().Created.Data.TimeoutMs) * time.Millisecond
	ctx, cancel := context.WithTimeoutCause(aborted, timeout, errTimeout)
	defer cancel()
	w.running.Store(attempt.call.jobID, attempt)
	defer w.running.Delete(attempt.call.jobID)
	result, err := w.handled(ctx, attempt)
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, errOvertaken) || cause == errOvertaken:
		return "", Data{}, errOvertaken
	case err == nil:
		if err = reasonNotToKeep(result); err == nil {
			return "JobCompleted", Data{Result: result}, nil
		}
		cause = nil
	case cause == errShutdown:
		return "JobReleased", Data{Reason: cause.Error()}, nil
	}
	name, data := failure(cmp.Or(cause, err), attempt.state())
	return name, data, nil
}

// handled waits for the handler; one that ignores the end of its context is left to itself.
func (w *Worker) handled(ctx context.Context, attempt *Attempt) (any, error) {
	type ending struct {
		result any
		err    error
	}
	ended := make(chan ending, 1)
	go func() {
		result, err := w.handle(ctx, attempt)
		ended <- ending{result, err}
	}()
	select {
	case end := <-ended:
		return end.result, end.err
	case <-ctx.Done():
	}
	select {
	case end := <-ended:
		return end.result, end.err
	case <-time.After(500 * time.Millisecond):
		return nil, context.Cause(ctx)
	}
}

// reasonNotToKeep is unrecoverable: the work is done, so another attempt would not help.
func reasonNotToKeep(result any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return Unrecoverable{fmt.Errorf("the result is not JSON: %w", err)}
	}
	if len(text) > largestResult {
		return Unrecoverable{fmt.Errorf("the result has %d bytes of JSON", len(text))}
	}
	return nil
}

func failure(err error, job *Job) (string, Data) {
	var invalid InvalidPayload
	var unrecoverable Unrecoverable
	data := Data{Error: &JobError{Name: fmt.Sprintf("%T", err), Message: err.Error()}}
	switch {
	case errors.As(err, &invalid):
		data.Reason = "invalid-payload"
	case errors.As(err, &unrecoverable):
		data.Reason = "unrecoverable"
	case job.isLastAttempt():
		data.Reason = "attempts-exhausted"
	default:
		return "JobRetryScheduled", data
	}
	return "JobFailed", data
}

// lookAtAll is for when the connection is back: a cancel may have been missed.
func (w *Worker) lookAtAll() {
	for jobID := range w.running.Range {
		go w.abortIfMovedOn(jobID.(string))
	}
}

// abortIfMovedOn reads the job before it believes what was heard, more than once: it may be readable only a moment later.
func (w *Worker) abortIfMovedOn(jobID string) {
	for _, pause := range []time.Duration{0, 50, 200, 500, 1000} {
		time.Sleep(pause * time.Millisecond)
		running, here := w.running.Load(jobID)
		if !here {
			continue
		}
		attempt := running.(*Attempt)
		job, err := w.read(jobID)
		if err == nil && job != nil && (job.Status != "processing" || job.Attempt != attempt.Number || job.Worker != w.identity.Worker) {
			attempt.abort(errOvertaken)
			return
		}
	}
}

// append appends one event, also behind what is no event, and returns the job after it; errOvertaken if the job moved on.
func (w *Worker) append(call Call, job *Job, name string, at time.Time, data Data) (*Job, error) {
	if call.firedFor.After(at) { // however well the clock is measured
		at = call.firedFor
	}
	event := Event{
		V: 1, ID: rand.Text(), Event: name, JobID: call.jobID, JobType: w.jobType, Version: job.Version + 1,
		At: at.UTC().Truncate(time.Millisecond), Actor: Actor{Kind: "worker", ID: w.identity.Worker},
		CausationID: call.cause(), Tenant: job.Created.Tenant, Data: data,
	}
	msg := &nats.Msg{Subject: event.subject(), Header: w.header(call)}
	msg.Header.Set("Nats-Expected-Last-Subject-Sequence-Subject", w.filter(call.jobID))
	expected := job.Sequence
	for range appendTries {
		body, err := json.Marshal(event)
		if err != nil {
			return nil, err
		}
		msg.Data = body
		msg.Header.Set("Nats-Expected-Last-Subject-Sequence", strconv.FormatUint(expected, 10))
		sequence, tries, err := w.publish(msg)
		if conflicts(err) {
			sequence, err = w.storedBefore(event, tries)
		}
		if err == nil {
			return job.after(event, sequence), nil
		}
		if !errors.Is(err, errOvertaken) {
			return nil, err
		}
		found, failed := w.read(call.jobID)
		if failed != nil {
			return nil, failed
		}
		switch {
		case found == nil || found.Sequence <= expected:
			return nil, errOvertaken
		case found.Version > job.Version && found.isSameAttempt(job): // it was carried
			found.RunID = job.RunID
			job, event.Version = found, found.Version+1
		case found.Version != job.Version:
			return nil, errOvertaken
		}
		expected = found.Sequence
	}
	return nil, errOvertaken
}

// storedBefore finds our own event, which may be what is in the way after a try whose answer was lost.
func (w *Worker) storedBefore(event Event, tries int) (uint64, error) {
	if tries == 1 {
		return 0, errOvertaken
	}
	events, err := w.history(event.JobID)
	if err != nil {
		return 0, err
	}
	for _, stored := range events {
		if stored.Event != nil && stored.ID == event.ID {
			return stored.sequence, nil
		}
	}
	return 0, errOvertaken
}

func (w *Worker) setTimer(call Call, at time.Time) error {
	when := at.UTC().Format(time.RFC3339Nano)
	body, _ := json.Marshal(map[string]string{"jobId": call.jobID, "jobType": w.jobType, "at": when})
	msg := &nats.Msg{Subject: "timers.at." + w.jobType + "." + call.jobID, Data: body, Header: w.header(call)}
	msg.Header.Set("Nats-Schedule", "@at "+when)
	msg.Header.Set("Nats-Schedule-Target", "timers.due."+w.jobType)
	_, _, err := w.publish(msg)
	return err
}

// publish repeats what the server does not answer, and tells how often it tried; what the server refuses is an error.
func (w *Worker) publish(msg *nats.Msg) (sequence uint64, tries int, err error) {
	for tries = 1; ; tries++ {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		ack, err := w.js.PublishMsg(ctx, msg)
		cancel()
		if err == nil {
			return ack.Sequence, tries, nil
		}
		if refused(err) {
			return 0, tries, err
		}
		slog.Warn("the server does not answer", "error", err)
		time.Sleep(250 * time.Millisecond)
	}
}

func refused(err error) bool {
	var apiError *jetstream.APIError
	return errors.Is(err, nats.ErrMaxPayload) || errors.As(err, &apiError) && apiError.Code != 503
}

func conflicts(err error) bool {
	var apiError *jetstream.APIError
	return errors.As(err, &apiError) && (apiError.ErrorCode == 10071 || apiError.ErrorCode == 10164)
}

func (w *Worker) filter(jobID string) string { return "jobs." + w.jobType + "." + jobID + ".>" }

func (w *Worker) header(call Call) nats.Header {
	header := nats.Header{}
	if traceparent := call.Headers().Get("traceparent"); traceparent != "" {
		header.Set("traceparent", traceparent)
	}
	return header
}

// readFresh reads the job, at least as new as the call: in a cluster a message may arrive before it can be read.
func (w *Worker) readFresh(call Call) (*Job, error) {
	for range 40 {
		job, err := w.read(call.jobID)
		if err != nil || call.event == nil || (job != nil && job.Sequence >= call.sequence) {
			return job, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("job %s cannot be read up to sequence %d", call.jobID, call.sequence)
}

func (w *Worker) read(jobID string) (*Job, error) {
	events, err := w.history(jobID)
	var job *Job
	for _, event := range events {
		switch {
		case event.is("JobCarried") && (job == nil || event.Version > job.Version+1):
			job = carriedJob(*event.Event, event.sequence) // the log has lost events before it
		case job != nil && job.precedes(event.Event):
			job = job.after(*event.Event, event.sequence)
		case job != nil:
			job.Sequence = event.sequence
		case event.is("JobCreated"):
			job = newJob(*event.Event, event.sequence)
		}
	}
	return job, err
}

// storedEvent is a message of the log. It has no event if somebody wrote what is none: it counts for nothing, but the
// next append goes behind it.
type storedEvent struct {
	*Event
	sequence uint64
	previous uint64 // the sequence that its writer expected: that of the job's message before it
	linked   bool   // whether the server has checked that, so that no message of the job is between the two
}

func (s storedEvent) is(name string) bool {
	return s.Event != nil && !s.Event.newer && s.Event.Event == name
}

// history reads a job's messages, oldest first: each names the sequence of the one before as what it expected.
func (w *Worker) history(jobID string) ([]storedEvent, error) {
	var events []storedEvent
	query := map[string]any{"last_by_subj": w.filter(jobID)}
	for {
		event, err := w.stored(jobID, query)
		switch {
		case err != nil || event == nil && len(events) == 0:
			return nil, err
		case event == nil || !event.linked:
			return w.historyBySubject(jobID)
		}
		events = slices.Insert(events, 0, *event)
		if event.previous == 0 || event.is("JobCarried") {
			return events, nil
		}
		query = map[string]any{"seq": event.previous}
	}
}

// historyBySubject is for a history whose links somebody has broken who does not keep to the protocol.
func (w *Worker) historyBySubject(jobID string) ([]storedEvent, error) {
	var events []storedEvent
	last, err := w.stored(jobID, map[string]any{"last_by_subj": w.filter(jobID)})
	for sequence := uint64(0); err == nil && last != nil && sequence < last.sequence; {
		var event *storedEvent
		event, err = w.stored(jobID, map[string]any{"seq": sequence + 1, "next_by_subj": w.filter(jobID)})
		if err != nil || event == nil {
			break
		}
		sequence = event.sequence
		events = append(events, *event)
	}
	return events, err
}

// stored asks the leader of the stream for one message; any replica would answer a direct get, and might be old.
func (w *Worker) stored(jobID string, query map[string]any) (*storedEvent, error) {
	var answer struct {
		Message *struct {
			Subject    string
			Seq        uint64
			Hdrs, Data []byte
		}
		Error *jetstream.APIError
	}
	request, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	reply, err := w.nc.Request("$JS.API.STREAM.MSG.GET.JOBS", request, 5*time.Second)
	if err == nil {
		err = json.Unmarshal(reply.Data, &answer)
	}
	switch {
	case err != nil:
		return nil, err
	case answer.Error != nil && answer.Error.Code == 404:
		return nil, nil
	case answer.Message == nil:
		return nil, fmt.Errorf("a read failed: %w", answer.Error)
	}
	header, _ := nats.DecodeHeadersMsg(answer.Message.Hdrs)
	decoded, _ := decode(answer.Message.Subject, answer.Message.Data, header)
	filter := w.filter(jobID)
	previous, err := strconv.ParseUint(header.Get("Nats-Expected-Last-Subject-Sequence"), 10, 64)
	own := strings.HasPrefix(answer.Message.Subject, strings.TrimSuffix(filter, ">"))
	first := decoded != nil && decoded.Event == "JobCreated" && isFirst(header, decoded)
	checked := previous > 0 && header.Get("Nats-Expected-Last-Subject-Sequence-Subject") == filter
	if decoded != nil && decoded.newer && !isChecked(header, decoded) {
		decoded = nil
	}
	return &storedEvent{decoded, answer.Message.Seq, previous, err == nil && own && (first || checked)}, nil
}

// conformance is the test job of the conformance kit. Your own handlers look like this one.
func conformance(ctx context.Context, attempt *Attempt) (any, error) {
	var payload struct {
		Do               string
		Result           json.RawMessage
		Times, Ms, Steps *int
	}
	if err := json.Unmarshal(attempt.Payload, &payload); err != nil {
		return nil, InvalidPayload{err}
	}
	switch {
	case payload.Do == "succeed" && payload.Result == nil:
		return nil, nil
	case payload.Do == "succeed":
		return payload.Result, nil
	case payload.Do == "fail" && payload.Times != nil:
		if attempt.Number <= *payload.Times {
			return nil, fmt.Errorf("told to fail, attempt %d of %d", attempt.Number, *payload.Times)
		}
		return map[string]int{"attempt": attempt.Number}, nil
	case payload.Do == "reject":
		return nil, Unrecoverable{errors.New("told to reject")}
	case payload.Do == "sleep" && payload.Ms != nil:
		select {
		case <-time.After(time.Duration(*payload.Ms) * time.Millisecond):
			return map[string]int{"sleptMs": *payload.Ms}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	case payload.Do == "progress" && payload.Steps != nil:
		for step := range *payload.Steps {
			if err := attempt.Progress(float64((step+1)*100) / float64(*payload.Steps)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	return nil, InvalidPayload{errors.New("payload: expected one of the things that docs/worker-protocol.md lists")}
}

var handlers = map[string]Handler{"conformance": conformance}

// payloadSchemas has JSON Schemas of the payloads that may be sent. The API checks payloads against them; a type may have
// none.
var payloadSchemas = map[string]json.RawMessage{"conformance": json.RawMessage(`{
	"type": "object",
	"required": ["do"],
	"properties": {
		"do": {"enum": ["succeed", "fail", "reject", "sleep", "progress"]},
		"times": {"type": "integer"},
		"ms": {"type": "integer"},
		"steps": {"type": "integer"}
	},
	"allOf": [
		{"if": {"properties": {"do": {"const": "fail"}}}, "then": {"required": ["times"]}},
		{"if": {"properties": {"do": {"const": "sleep"}}}, "then": {"required": ["ms"]}},
		{"if": {"properties": {"do": {"const": "progress"}}}, "then": {"required": ["steps"]}}
	]
}`)}

// Settings come from the environment.
type Settings struct {
	URL         string
	Types       []string
	Concurrency int
	AckWait     time.Duration
	Grace       time.Duration
	// IsAnonymous tells that there is neither a user nor one in the address, as for a server that is open to all.
	IsAnonymous bool
}

func readSettings() (Settings, error) {
	concurrency, err1 := strconv.Atoi(cmp.Or(os.Getenv("WORKER_CONCURRENCY"), "10"))
	ackWait, err2 := time.ParseDuration(cmp.Or(os.Getenv("ACK_WAIT_MS"), "10000") + "ms")
	grace, err3 := time.ParseDuration(cmp.Or(os.Getenv("SHUTDOWN_GRACE_MS"), "10000") + "ms")
	url := cmp.Or(os.Getenv("NATS_URL"), nats.DefaultURL)
	return Settings{
		URL:         url,
		IsAnonymous: os.Getenv("NATS_USER") == "" && !strings.Contains(url, "@"),
		Types:       strings.Split(cmp.Or(os.Getenv("WORKER_TYPES"), "conformance"), ","),
		Concurrency: concurrency,
		AckWait:     ackWait,
		Grace:       grace,
	}, errors.Join(err1, err2, err3)
}

func run(ctx context.Context) error {
	settings, err := readSettings()
	if err != nil {
		return err
	}
	nc, err := nats.Connect(settings.URL,
		nats.UserInfo(os.Getenv("NATS_USER"), os.Getenv("NATS_PASSWORD")),
		nats.CustomInboxPrefix("_INBOX_worker"), // the only inbox on which a worker may hear answers
		nats.MaxReconnects(-1))
	if err != nil {
		return err
	}
	defer nc.Drain()
	if !isSupported(nc.ConnectedServerVersion()) {
		return errors.New("nats-server 2.14.4 or newer is needed: an older one ignores what keeps the log valid")
	}
	var workers []*Worker
	for _, jobType := range settings.Types {
		handle, known := handlers[jobType]
		if !known {
			return fmt.Errorf("no handler for the job type %q", jobType)
		}
		worker, err := newWorker(nc, jobType, handle, settings)
		if err != nil {
			return err
		}
		workers = append(workers, worker)
	}
	nc.SetReconnectHandler(func(*nats.Conn) {
		for _, worker := range workers {
			worker.clock.Doubt()
			worker.lookAtAll()
		}
	})
	failed := make(chan error, len(workers))
	for _, worker := range workers {
		go func() { failed <- worker.Run(ctx) }()
	}
	for range workers {
		err = errors.Join(err, <-failed)
	}
	return errors.Join(err, nc.FlushTimeout(5*time.Second))
}

func isSupported(version string) bool {
	var major, minor, patch int
	_, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	return err == nil && slices.Compare([]int{major, minor, patch}, []int{2, 14, 4}) >= 0
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}
