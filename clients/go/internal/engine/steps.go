package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

var errStepsOver = errors.New("the attempt is over, and its steps are not recorded any more")

// stepsConfig is what the steps of an attempt work with.
type stepsConfig struct {
	job      *protocol.Job
	append   func([]protocol.Step) error
	classify func(error) Failure
	// whyNot says why not all processes are known to keep to a version of the protocol; empty if they do.
	whyNot func(version int) string
	// now is the time of the server.
	now func() time.Time
	// slotWait is how long a sleep may have left and keep its slot.
	slotWait time.Duration
	// timesOut is when the attempt does; the zero value for never.
	timesOut time.Time
	// unread are the signals of the job that no step has read, as far as they are known by now.
	unread func() []protocol.Signal
	// refresh reads which signals have come.
	refresh func() error
	// signals are those that jobs of the type take.
	signals map[string]json.RawMessage
	log     *slog.Logger
}

// steps runs the steps of one attempt, records how they end, and gives what earlier attempts have recorded.
type steps struct {
	stepsConfig
	recorder stepRecorder
	sleeps   *openSleeps

	mutex   sync.Mutex
	settled *sync.Cond
	attempt context.Context // of the handler; ends when the attempt must
	sizes   *stepSizes
	begun   map[string]bool
	running int
	over    bool
	fault   error           // why the attempt fails, whatever its handler has done
	taken   map[string]bool // the ids of signals that waits of this run have read
}

func newSteps(config stepsConfig) *steps {
	s := &steps{
		stepsConfig: config, recorder: stepRecorder{append: config.append},
		sizes: newStepSizes(config.job.Steps), begun: map[string]bool{}, taken: map[string]bool{},
		sleeps: newOpenSleeps(config.slotWait, config.now, config.timesOut),
	}
	s.settled = sync.NewCond(&s.mutex)
	return s
}

// within returns the context for the handler of the attempt.
func (s *steps) within(ctx context.Context) context.Context {
	s.attempt = context.WithValue(ctx, stepsKey{}, s)
	return s.attempt
}

// settle is for when the handler has ended. It waits until all steps have ended that were begun: else the next attempt would run them beside this one. It returns
// why the attempt fails, whatever its handler has done; nil if it need not.
func (s *steps) settle() error {
	s.sleeps.end()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for s.running > 0 {
		s.settled.Wait()
	}
	s.over = true // from here on nothing waits for a step that a branch of the handler would begin
	return s.fault
}

// finish waits for what is being recorded. What still runs is not recorded any more.
func (s *steps) finish() {
	s.mutex.Lock()
	s.over = true
	s.mutex.Unlock()
	s.recorder.finish()
}

func (s *steps) run(ctx context.Context, call StepCall) (json.RawMessage, error) {
	if err := call.check(); err != nil {
		return nil, err
	}
	if err := s.begin(call.id(), call.title(), call.Key); err != nil {
		return nil, err
	}
	defer s.end()
	recorded, known := s.job.Steps[call.id()]
	if known && recorded.Error == nil {
		if recorded.WaitsUntil != nil || recorded.Signal != nil {
			return nil, misused(call.title() + " has the name of a wait of the job")
		}
		return s.readable(recorded.Result, call)
	}
	if err := s.takePlace(call.id(), call.title()); err != nil {
		return nil, err
	}
	if err := s.untilUnderstood(ctx, protocol.StepsProtocol, "the first step"); err != nil {
		return nil, err
	}
	return s.runAndRecord(ctx, call)
}

func (s *steps) begin(id, title string, key *string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	err := s.whyOver()
	switch {
	case err != nil:
		return err
	case s.begun[id] && key == nil:
		return misused(title + " was begun twice in this attempt. In a loop give each its key")
	case s.begun[id]:
		return misused(title + " was begun twice in this attempt")
	}
	s.begun[id] = true
	s.running++
	s.sleeps.beginWork()
	return nil
}

// whyOver says why nothing more is begun; nil if something may be. The mutex must be held.
func (s *steps) whyOver() error {
	_, isSuspended := s.sleeps.suspension()
	switch {
	case s.attempt.Err() != nil:
		return context.Cause(s.attempt)
	case s.fault != nil:
		return s.fault
	case isSuspended:
		return ErrSuspended
	case s.over:
		return errStepsOver
	}
	return nil
}

func (s *steps) end() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.running--
	s.sleeps.endWork()
	s.settled.Broadcast()
}

func (s *steps) takePlace(id, title string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.sizes.takePlace(id) {
		return nil
	}
	return s.failed(tooLarge(fmt.Sprintf("%s is not run: a job may have %d steps", title, mostSteps)))
}

func (s *steps) runAndRecord(ctx context.Context, call StepCall) (json.RawMessage, error) {
	began := time.Now()
	value, err := s.tries(ctx, call)
	outcome := protocol.Step{Name: call.Name, Key: call.Key, DurationMs: time.Since(began).Milliseconds()}
	if err != nil {
		return nil, s.recordError(outcome, err)
	}
	if outcome.Result, err = s.encode(value, call); err != nil {
		return nil, err
	}
	if err := s.count(outcome, call.title()); err != nil {
		return nil, err
	}
	return outcome.Result, s.record(outcome)
}

// tries runs the function of the step, within this attempt as often as the step says.
func (s *steps) tries(ctx context.Context, call StepCall) (any, error) {
	for attempt := 1; ; attempt++ {
		value, err := guarded(context.WithValue(ctx, stepRunKey{}, call.run(s.job, attempt)), call)
		if err == nil {
			return value, nil
		}
		wait, again := s.waitAfter(err, attempt, call)
		if !again {
			return nil, err
		}
		s.log.Warn("the step failed and is run again", "step", call.Name, "runs", attempt, "error", err)
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// guarded makes an error of a panic: in a goroutine of its own it would end the process.
func guarded(ctx context.Context, call StepCall) (value any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = &PanicError{Value: problem, Stack: string(debug.Stack())}
		}
	}()
	return call.Work(ctx)
}

// waitAfter tells how long it takes until the step is run again in this attempt, if it is.
func (s *steps) waitAfter(err error, attempt int, call StepCall) (time.Duration, bool) {
	failure := s.classify(err)
	// A longer wait than this is that of the job, which takes no slot.
	final := failure.Reason != "" || failure.RetryAfter > longestStepWait || s.attempt.Err() != nil
	if attempt >= call.MaxAttempts || final {
		return 0, false
	}
	return max(min(call.Backoff.After(attempt), longestStepWait), failure.RetryAfter), true
}

// encode returns the result as JSON, nil for none.
func (s *steps) encode(value any, call StepCall) (json.RawMessage, error) {
	text, err := json.Marshal(value)
	if err != nil {
		err = &StepError{code: "RESULT_NOT_JSON", message: fmt.Sprintf("the result of %s is not JSON: %v", call.title(), err)}
	} else if len(text) > largestResult {
		limit := fmt.Sprintf("%d bytes of JSON, at most %d are kept", len(text), largestResult)
		err = tooLarge(fmt.Sprintf("the result of %s has %s", call.title(), limit))
	}
	if err != nil {
		return nil, s.fail(err)
	}
	if string(text) == "null" {
		return nil, nil
	}
	return text, nil
}

func (s *steps) count(outcome protocol.Step, title string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.sizes.add(outcome) {
		return nil
	}
	limit := fmt.Sprintf("the steps of the job have more than %d bytes", mostStepsBytes)
	return s.failed(tooLarge(fmt.Sprintf("%s has ended, and its result cannot be kept: %s", title, limit)))
}

// recordError records an error for whoever looks at the job, and returns it; that of an attempt that is aborted says nothing.
func (s *steps) recordError(outcome protocol.Step, thrown error) error {
	failure := s.classify(thrown)
	outcome.Error = &failure.Error
	s.mutex.Lock()
	fits := s.attempt.Err() == nil && s.sizes.add(outcome)
	s.mutex.Unlock()
	if fits {
		if err := s.record(outcome); err != nil {
			return err
		}
	}
	return thrown
}

func (s *steps) record(outcome protocol.Step) error {
	s.mutex.Lock()
	over := s.over
	s.mutex.Unlock()
	if over {
		return errStepsOver
	}
	err := s.recorder.record(outcome)
	if errors.Is(err, nats.ErrMaxPayload) {
		return s.fail(tooLarge("the steps are too large for a message"))
	}
	return err
}

func (s *steps) fail(fault error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.failed(fault)
}

// failed fails the attempt with the error, whatever the handler does with it. The mutex must be held.
func (s *steps) failed(fault error) error {
	if s.fault == nil {
		s.fault = fault
	}
	return fault
}

func (s *steps) readable(result json.RawMessage, call StepCall) (json.RawMessage, error) {
	if protocol.IsEncrypted(result, s.job.Created.JobID) {
		return nil, fmt.Errorf("the result of %s is encrypted, which only workers with @jobstream/worker can read", call.title())
	}
	return result, nil
}

// pause returns the cause when the context ends before the time is over.
func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
