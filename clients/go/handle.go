package jobstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// Job is what a handler is told about the job that it runs.
type Job[Payload any] struct {
	// ID is the job's id. Send it as the idempotency key wherever another system takes one: a handler may run twice.
	ID   string
	Type string
	// Attempt is 1 for the first attempt. Numbers repeat after a release or a requeue; RunID never does.
	Attempt     int
	MaxAttempts int
	// RunID is the id of this run, which is that of its JobStarted or JobResumed.
	RunID   string
	Tags    []string
	Tenant  string
	Payload Payload
	// Traceparent is the W3C trace context, to pass on in requests; empty if there is none.
	Traceparent string
	// Log adds type, job and attempt to its lines.
	Log *slog.Logger

	report func(protocol.Data)
}

const progressMessageLimit = 1024

// Progress reports how far the work is: percent from 0 to 100, and a text of up to 1,024 characters, which may be empty.
//
// It returns at once and never fails: while one report is being appended, the last of those that follow wins. So it may
// be called in a loop.
func (j *Job[Payload]) Progress(percent float64, message string) {
	data := protocol.Data{Message: clean(message, progressMessageLimit)}
	if !math.IsNaN(percent) {
		data.Percent = new(min(100, max(0, percent)))
	}
	j.report(data)
}

// HandleOption changes how a job type is run.
type HandleOption func(*engine.JobType)

// Concurrency is how many attempts of the type run at once, instead of that of the worker.
func Concurrency(attempts int) HandleOption {
	return func(jobType *engine.JobType) { jobType.Concurrency = attempts }
}

// PayloadSchema is a JSON Schema (2020-12) of the payloads that may be sent. It is announced, and the API refuses others
// with 422.
func PayloadSchema(schema json.RawMessage) HandleOption {
	return func(jobType *engine.JobType) { jobType.PayloadSchema = schema }
}

// ResultSchema is a JSON Schema (2020-12) of the results, for readers of GET /api/types.
func ResultSchema(schema json.RawMessage) HandleOption {
	return func(jobType *engine.JobType) { jobType.ResultSchema = schema }
}

// Defaults is what jobs of the type get whose creators leave it out, in whichever language they are written: MaxAttempts,
// Timeout, FixedBackoff and ExponentialBackoff. They are announced; those of the worker that started last hold.
//
//	jobstream.Handle(worker, "email", send, jobstream.Defaults(jobstream.MaxAttempts(4), jobstream.Timeout(time.Minute)))
func Defaults(settings ...EnqueueOption) HandleOption {
	var job newJob
	for _, setting := range settings {
		setting(&job)
	}
	defaults, err := json.Marshal(newJob{MaxAttempts: job.MaxAttempts, TimeoutMs: job.TimeoutMs, Backoff: job.Backoff})
	if err != nil {
		panic(err) // numbers and texts are JSON
	}
	return func(jobType *engine.JobType) { jobType.Defaults = defaults }
}

// Signal is a signal that jobs of the type may be sent, and that their handler may wait for with WaitFor. The schema is a JSON Schema
// (2020-12) of its payload; nil: any payload. It is announced, and the API refuses others. At most 32.
//
//	jobstream.Handle(worker, "order", order, jobstream.Signal("approved", approvalSchema), jobstream.Signal("note", nil))
func Signal(name string, schema json.RawMessage) HandleOption {
	return func(jobType *engine.JobType) {
		if jobType.Signals == nil {
			jobType.Signals = map[string]json.RawMessage{}
		}
		jobType.Signals[name] = schema
	}
}

// Validator is for payloads that can be wrong although they are JSON of their type. If a payload implements it, Validate
// is called before the handler; its error fails the job with the reason `invalid-payload`. The payload of a signal is one, too.
type Validator interface{ Validate() error }

// Handle registers the handler of a job type; before the worker runs, which returns the mistakes.
//
// The payload is decoded by encoding/json; one that does not fit fails the job at once. What the handler returns becomes
// the result: JSON of at most 256 KB, none if it is `null`. An error is retried after the job's backoff, unless it is an
// Unrecoverable or InvalidPayload one; so is a panic.
//
// The context ends when the attempt must end, and context.Cause says why: ErrTimeout, ErrShutdown or ErrMovedOn. A handler
// that goes on for half a second after that is left to itself.
func Handle[Payload, Result any](
	worker *Worker, jobType string, handler func(context.Context, *Job[Payload]) (Result, error), options ...HandleOption,
) {
	registered := engine.JobType{Name: jobType, Handler: func(ctx context.Context, run *engine.Run) (json.RawMessage, error) {
		if protocol.IsEncrypted(run.Job.Created.Data.Payload, run.Job.Created.JobID) {
			return nil, errors.New("the payload is encrypted, which only workers with @jobstream/worker can read")
		}
		job, err := jobOf[Payload](run)
		if err != nil {
			return nil, InvalidPayload(err)
		}
		result, err := handler(ctx, job)
		if err != nil {
			return nil, err
		}
		return encode(result)
	}}
	for _, option := range options {
		option(&registered)
	}
	for _, schema := range append(slices.Collect(maps.Values(registered.Signals)), registered.PayloadSchema, registered.ResultSchema) {
		worker.check(schema == nil || json.Valid(schema), "expected the schema of a job type to be JSON, got: %s", schema)
	}
	worker.checkSignals(registered)
	worker.register(registered)
}

func jobOf[Payload any](run *engine.Run) (*Job[Payload], error) {
	created := run.Job.Created
	job := &Job[Payload]{
		ID: created.JobID, Type: created.JobType, Attempt: run.Job.Attempt, MaxAttempts: created.Data.MaxAttempts,
		RunID: run.Job.RunID, Tags: created.Data.Tags, Tenant: created.Tenant, Traceparent: run.Traceparent,
		Log: run.Log, report: run.Progress,
	}
	if err := decode(created.Data.Payload, &job.Payload); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return job, nil
}

// decode reads a payload, and lets it say whether it is valid.
func decode[Payload any](text json.RawMessage, payload *Payload) error {
	if err := json.Unmarshal(text, payload); err != nil {
		return err
	}
	if validator, ok := any(payload).(Validator); ok {
		return validator.Validate()
	}
	return nil
}

// encode is unrecoverable when it fails: the work is done, so another attempt would not help.
func encode(result any) (json.RawMessage, error) {
	text, err := json.Marshal(result)
	if err != nil {
		return nil, Unrecoverable(fmt.Errorf("the result is not JSON: %w", err))
	}
	if string(text) == "null" {
		return nil, nil
	}
	return text, nil
}
