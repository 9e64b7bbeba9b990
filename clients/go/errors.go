package jobstream

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// Why the context of a handler ends, as context.Cause tells.
var (
	// ErrTimeout: the attempt took longer than the job's timeout. The job is retried as after any error.
	ErrTimeout = engine.ErrTimeout
	// ErrShutdown: the worker stops and its grace time is over. The job is released, which uses up no attempt.
	ErrShutdown = engine.ErrShutdown
	// ErrMovedOn: the job was cancelled, or another worker has taken it over. What the handler returns is discarded.
	ErrMovedOn = engine.ErrMovedOn
)

// UnrecoverableError says that no other attempt can succeed: the job fails at once.
type UnrecoverableError struct{ Err error }

// Unrecoverable makes a handler's error final: the job fails at once.
func Unrecoverable(err error) error { return &UnrecoverableError{err} }

func (e *UnrecoverableError) Error() string { return e.Err.Error() }

// Unwrap returns the error that is final.
func (e *UnrecoverableError) Unwrap() error { return e.Err }

// InvalidPayloadError says that the payload is not what the handler takes: the job fails at once.
type InvalidPayloadError struct{ Err error }

// InvalidPayload says that the payload is not what the handler takes: the job fails at once, for that reason.
func InvalidPayload(err error) error { return &InvalidPayloadError{err} }

func (e *InvalidPayloadError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the payload.
func (e *InvalidPayloadError) Unwrap() error { return e.Err }

// RetryAfterError says when the next attempt can succeed at the earliest.
type RetryAfterError struct {
	Err   error
	After time.Duration
}

// RetryAfter makes the next attempt wait for the backoff or for this time, whichever is longer, at most 30 days.
func RetryAfter(err error, after time.Duration) error { return &RetryAfterError{err, after} }

func (e *RetryAfterError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the attempt.
func (e *RetryAfterError) Unwrap() error { return e.Err }

const (
	nameLimit    = 128
	messageLimit = 2048
	stackLimit   = 4096
)

// classify tells what an error of a handler means for its job.
func classify(err error) engine.Failure {
	failure := engine.Failure{Error: protocol.JobError{
		Name:    clean(strings.TrimPrefix(fmt.Sprintf("%T", err), "*"), nameLimit),
		Message: clean(err.Error(), messageLimit),
	}}
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		failure.Error.Code = clean(coded.Code(), nameLimit)
	}
	var panicked *engine.PanicError
	if errors.As(err, &panicked) {
		failure.Error.Stack = clean(panicked.Stack, stackLimit)
	}
	var retryAfter *RetryAfterError
	if errors.As(err, &retryAfter) {
		failure.RetryAfter = retryAfter.After
	}
	var step *StepError
	if errors.As(err, &step) && step.RetryAfter > 0 {
		failure.RetryAfter = step.RetryAfter
	} else if step != nil {
		failure.Reason = "unrecoverable"
	}
	var invalid *InvalidPayloadError
	var unrecoverable *UnrecoverableError
	switch {
	case errors.As(err, &invalid):
		failure.Reason = "invalid-payload"
	case errors.As(err, &unrecoverable):
		failure.Reason = "unrecoverable"
	}
	return failure
}

// withoutStack classifies an error for a worker that keeps no stacks.
func withoutStack(err error) engine.Failure {
	failure := classify(err)
	failure.Error.Stack = ""
	return failure
}

// clean returns text that every reader of the log can store: databases refuse NUL and what is not UTF-8.
func clean(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
