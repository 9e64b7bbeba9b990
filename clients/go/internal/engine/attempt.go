package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/joblog"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	largestResult = 256 * 1024
	abandonAfter  = 500 * time.Millisecond
	longestRetry  = 30 * 24 * time.Hour
)

// attempt is an attempt that runs here.
type attempt struct {
	runner *runner
	call   protocol.Call
	number int
	ctx    context.Context
	abort  context.CancelCauseFunc

	mutex sync.Mutex
	job   *protocol.Job // follows what the attempt appends
}

func newAttempt(r *runner, call protocol.Call, started *protocol.Job) *attempt {
	ctx, abort := context.WithCancelCause(r.engine.closing)
	return &attempt{
		runner: r, call: call, number: started.Attempt, job: started, ctx: ctx, abort: abort,
	}
}

// state is the job after what the attempt has appended so far.
func (a *attempt) state() *protocol.Job {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.job
}

func (a *attempt) append(entry joblog.Entry) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	entry.Data.Attempt = a.number
	job, err := a.runner.jobs.Append(a.call, a.job, entry)
	if err == nil {
		a.job = job
	}
	return err
}

// outcome is the event that ends an attempt, and how long a retry waits at least.
type outcome struct {
	name       string
	data       protocol.Data
	retryAfter time.Duration
}

// run runs the handler, records its outcome, and then settles the message; ErrOvertaken if the job has moved on meanwhile.
func (a *attempt) run() error {
	defer a.abort(nil)
	a.runner.running.Store(a.call.JobID, a)
	began := time.Now()
	out, err := a.runHandler()
	a.runner.running.CompareAndDelete(a.call.JobID, a)
	if err != nil {
		return err
	}
	ran := int64(a.state().RanMs) + time.Since(began).Milliseconds() // in all runs, without the waits
	switch out.name {
	case "JobReleased":
	case "JobSuspended":
		return a.suspend(out, ran)
	default:
		out.data.DurationMs = &ran
	}
	return a.record(out)
}

// suspend sets the timer first, without which nobody would go on if this worker died. Another may have replaced it meanwhile, and a
// signal that has come before JobSuspended makes the job due at once.
func (a *attempt) suspend(out outcome, ran int64) error {
	at := a.runner.jobs.TimeOf(a.call)
	waiting := *a.state()
	waiting.Status, waiting.RunAt = "waiting", *out.data.Until
	if err := a.runner.jobs.SetTimer(a.call, &waiting, waiting.CalledAt(at)); err != nil {
		return err
	}
	out.data.RanMs = new(float64(ran))
	if err := a.append(joblog.Entry{Name: out.name, At: at, Data: out.data}); err != nil {
		return err
	}
	a.runner.log.Info(out.name, "job", a.call.JobID, "attempt", a.number, "until", *out.data.Until)
	return a.runner.leaveToTimer(a.call, a.state())
}

func (a *attempt) record(out outcome) error {
	at := a.runner.jobs.TimeOf(a.call)
	if out.name == "JobRetryScheduled" {
		wait := max(a.state().Created.Data.Backoff.After(a.number), min(out.retryAfter, longestRetry))
		out.data.RetryAt = new(at.Add(wait).UTC().Truncate(time.Millisecond))
	}
	if err := a.append(joblog.Entry{Name: out.name, At: at, Data: out.data}); err != nil {
		return err
	}
	a.runner.log.Info(out.name, "job", a.call.JobID, "attempt", a.number)
	if out.name == "JobReleased" {
		return a.handBack(at)
	}
	if out.data.RetryAt != nil {
		if err := a.runner.jobs.SetTimer(a.call, a.state(), *out.data.RetryAt); err != nil {
			return err
		}
	}
	return a.call.Ack()
}

func (a *attempt) handBack(at time.Time) error {
	if err := a.runner.jobs.SetTimer(a.call, a.state(), at); err != nil { // the message that is handed back may be gone
		return err
	}
	return a.call.Nak()
}

// runHandler runs the handler and tells which event its outcome is; ErrOvertaken if the job has moved on meanwhile.
func (a *attempt) runHandler() (outcome, error) {
	ctx, cancel := context.WithTimeoutCause(a.ctx, a.state().TimeLeft(), ErrTimeout)
	defer cancel()
	reporter := newReporter(func(data protocol.Data) error {
		return a.append(joblog.Entry{Name: "JobProgressed", Data: data})
	}, a.onLostReport)
	steps := newSteps(stepsConfig{
		job: a.state(), append: a.recordSteps, classify: a.runner.engine.Classify,
		whyNot: a.runner.engine.live.whyNot, log: a.runner.log.With("job", a.call.JobID),
		now: func() time.Time { return a.runner.jobs.TimeOf(a.call) }, slotWait: a.runner.engine.SlotWait,
		timesOut: a.state().StartedAt.Add(a.state().TimeLeft()),
		unread:   func() []protocol.Signal { return a.state().Signals }, refresh: a.refresh, signals: a.runner.jobType.Signals,
	})
	result, err := a.handled(steps.within(ctx), reporter, steps)
	cause := context.Cause(ctx)
	reporter.finish()
	steps.finish()
	if context.Cause(a.ctx) == ErrMovedOn {
		return outcome{}, ErrMovedOn
	}
	if waits, isSuspended := steps.waits(cause, err); isSuspended {
		data := protocol.Data{Until: &waits.until, Signals: protocol.SignalNames(waits.signals)}
		return outcome{name: "JobSuspended", data: data}, nil
	}
	return a.ended(result, err, cause), nil
}

// ended tells which event the end of a handler is; the cause is that of the end of its context.
func (a *attempt) ended(result json.RawMessage, err, cause error) outcome {
	switch {
	case err == nil && len(result) > largestResult:
		err := fmt.Errorf("the result has %d bytes of JSON; at most %d are stored", len(result), largestResult)
		return a.failed(err, "unrecoverable")
	case err == nil:
		return outcome{name: "JobCompleted", data: protocol.Data{Result: result}}
	case cause == ErrShutdown:
		return outcome{name: "JobReleased", data: protocol.Data{Reason: cause.Error()}}
	case cause != nil:
		return a.failed(cause, "")
	}
	return a.failed(err, "")
}

// failed tells what follows from an error: another attempt, unless no other can help or there is none left.
func (a *attempt) failed(err error, reason string) outcome {
	failure := a.runner.engine.Classify(err)
	data := protocol.Data{Error: &failure.Error, Reason: reason}
	if reason == "" {
		data.Reason = failure.Reason
	}
	if data.Reason == "" && a.state().IsLastAttempt() {
		data.Reason = "attempts-exhausted"
	}
	if data.Reason != "" {
		return outcome{name: "JobFailed", data: data}
	}
	return outcome{name: "JobRetryScheduled", data: data, retryAfter: failure.RetryAfter}
}

// recordSteps appends steps that have ended, behind those that were recorded before.
func (a *attempt) recordSteps(ended []protocol.Step) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	data := protocol.Data{Attempt: a.number, From: &a.job.StepsRecorded, Steps: ended}
	job, err := a.runner.jobs.Append(a.call, a.job, joblog.Entry{Name: "JobStepsRecorded", Data: data})
	if errors.Is(err, joblog.ErrOvertaken) {
		a.abort(ErrMovedOn)
	}
	if err == nil {
		a.job = job
	}
	return err
}

// refresh reads which signals have come.
func (a *attempt) refresh() error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	job, err := a.runner.jobs.Refreshed(a.job)
	if err == nil {
		a.job = job
	}
	return err
}

func (a *attempt) onLostReport(err error) {
	if errors.Is(err, joblog.ErrOvertaken) {
		a.abort(ErrMovedOn)
		return
	}
	a.runner.log.Warn("progress is not reported", "job", a.call.JobID, "error", err)
}

// handled waits for the handler; one that ignores the end of its context is left to itself.
func (a *attempt) handled(ctx context.Context, reporter *reporter, steps *steps) (json.RawMessage, error) {
	type ending struct {
		result json.RawMessage
		err    error
	}
	ended := make(chan ending, 1)
	go func() {
		var end ending
		defer func() { ended <- end }()
		defer func() {
			if fault := steps.settle(); fault != nil {
				end.err = fault
			}
		}()
		defer func() {
			if problem := recover(); problem != nil {
				stack := string(debug.Stack())
				a.runner.log.Error("the handler panicked", "job", a.call.JobID, "panic", problem, "stack", stack)
				end.err = &PanicError{Value: problem, Stack: stack}
			}
		}()
		end.result, end.err = a.runner.jobType.Handler(ctx, a.told(reporter))
	}()
	select {
	case end := <-ended:
		return end.result, end.err
	case <-ctx.Done():
	}
	select {
	case end := <-ended:
		return end.result, end.err
	case <-time.After(abandonAfter):
		return nil, context.Cause(ctx)
	}
}

func (a *attempt) told(reporter *reporter) *Run {
	return &Run{
		Job:         a.state(),
		Traceparent: a.call.Traceparent(),
		Log:         a.runner.log.With("job", a.call.JobID, "attempt", a.number),
		Progress:    reporter.report,
	}
}
