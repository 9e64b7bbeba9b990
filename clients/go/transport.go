package jobstream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What a caller may do about an *APIError, for errors.Is.
var (
	// ErrUnavailable: the API could not be reached, or was busy, for longer than RetryFor. Try again later.
	ErrUnavailable = errors.New("the API is unavailable")
	// ErrInvalidRequest: repeating the request cannot succeed. Mistakes names each mistake.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrAccessDenied: the credentials are missing or invalid, or do not allow the operation.
	ErrAccessDenied = errors.New("access denied")
	// ErrNotFound: the job does not exist.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the current state does not allow the operation: read it and decide again.
	ErrConflict = errors.New("conflict")
	// ErrUnexpectedAnswer: a server error, or an answer that is not from this API: tell its operator.
	ErrUnexpectedAnswer = errors.New("unexpected answer")
	// ErrJobCancelled: the job whose result was awaited was cancelled.
	ErrJobCancelled = errors.New("the job was cancelled")
)

// JobFailedError says that the job whose result was awaited failed for good.
type JobFailedError struct{ Job JobState }

func (e *JobFailedError) Error() string {
	reason := "unknown"
	if e.Job.Error != nil {
		reason = e.Job.Error.Name + ": " + e.Job.Error.Message
	}
	return fmt.Sprintf("job %s of type %s failed: %s", e.Job.ID, e.Job.Type, reason)
}

// Mistake is one mistake in a request: its place, and what is expected there.
type Mistake struct {
	Pointer   string `json:"pointer"`
	Parameter string `json:"parameter"`
	Header    string `json:"header"`
	Detail    string `json:"detail"`
}

// APIError is a refused request, or one without an answer.
type APIError struct {
	// Kind is one of the errors of this package, such as ErrConflict.
	Kind error
	// Status is the HTTP status; 0 without an answer.
	Status int
	// Code is that of the API's problem, such as illegal-transition; empty if there is none.
	Code     string
	Mistakes []Mistake
	// RetryAfter is the advice of the API when to try again.
	RetryAfter time.Duration
	// OutcomeUnknown tells that the request may have taken effect although it failed.
	OutcomeUnknown bool

	message string
	cause   error
}

func (e *APIError) Error() string { return e.message }

// Is makes errors.Is(err, ErrConflict) work.
func (e *APIError) Is(target error) bool { return e.Kind == target }

// Unwrap returns why there was no answer.
func (e *APIError) Unwrap() error { return e.cause }

const (
	defaultPatience = 10 * time.Second
	longestWait     = 25 * time.Second
	problemPrefix   = "urn:jobstream:problem:"
)

// withoutEffect are problems after which the request certainly had no effect.
var withoutEffect = []string{
	"credentials-unverifiable", "log-overloaded", "request-timeout", "stopping", "table-unavailable", "too-many-feeds",
}

type request struct {
	method, path string
	body         any
	header       map[string]string
	repeatable   bool
	patience     time.Duration // of one try
}

// job sends a request, repeats it while that is safe and the API is unavailable, and reads the job in the answer.
func (c *Client) job(ctx context.Context, r request) (JobState, error) {
	var job JobState
	body, err := json.Marshal(r.body)
	if err != nil {
		return job, fmt.Errorf("the payload is not JSON: %w", err)
	}
	if r.body == nil {
		body = nil
	}
	if !strings.HasPrefix(c.url, "http://") && !strings.HasPrefix(c.url, "https://") {
		return job, fmt.Errorf("expected the address of the API, such as http://127.0.0.1:3000, got %q", c.url)
	}
	deadline := time.Now().Add(c.options.RetryFor)
	warning := c.startWarning(r)
	defer warning.stop()
	for tries := 1; ; tries++ {
		answer, err := c.try(ctx, r, body)
		if err == nil {
			c.warned.Store(false)
			if err := json.Unmarshal(answer, &job); err != nil {
				return job, &APIError{Kind: ErrUnexpectedAnswer, message: r.String() + ": the answer is not a job", cause: err}
			}
			c.tellWarnings(r, job)
			return job, nil
		}
		wait := retryPause(tries)
		var refused *APIError
		if errors.As(err, &refused) {
			wait = cmp.Or(refused.RetryAfter, wait)
		}
		if refused == nil || refused.Kind != ErrUnavailable || refused.OutcomeUnknown && !r.repeatable ||
			time.Now().Add(wait).After(deadline) {
			return job, err
		}
		warning.failed(err)
		if err := pause(ctx, wait); err != nil {
			return job, err
		}
	}
}

// mostTold is how many sentences a client remembers, and logs at all.
const mostTold = 100

// toldWarnings are what was said of jobs, so that a loop that creates them is told once.
type toldWarnings struct {
	mutex   sync.Mutex
	details []string
}

func (t *toldWarnings) isNew(detail string) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.details) >= mostTold || slices.Contains(t.details, detail) {
		return false
	}
	t.details = append(t.details, detail)
	return true
}

func (c *Client) tellWarnings(r request, job JobState) {
	for _, warning := range job.Warnings {
		if !c.options.NoJobWarnings && c.told.isNew(warning.Detail) {
			c.options.Logger.Warn(fmt.Sprintf("%s: %s", r, warning.Detail))
		}
	}
}

func (r request) String() string { return r.method + " " + r.path }

// try sends the request once.
func (c *Client) try(ctx context.Context, r request, body []byte) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(r.patience, defaultPatience))
	defer cancel()
	sent, err := http.NewRequestWithContext(limited, r.method, c.url+r.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if err := c.authorize(ctx, sent); err != nil {
		return nil, err
	}
	if body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		sent.Header.Set(name, value)
	}
	answer, err := c.options.HTTP.Do(sent)
	var text []byte
	if err == nil {
		defer answer.Body.Close()
		text, err = io.ReadAll(answer.Body)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		message := fmt.Sprintf("%s: no answer from %s (%v)", r, c.url, err)
		if reason := whyUnreachable(err); reason != "" {
			message = fmt.Sprintf("%s: the API at %s cannot be reached: %s. Start it, or correct the address.", r, c.url, reason)
		}
		return nil, &APIError{Kind: ErrUnavailable, OutcomeUnknown: true, message: message, cause: err}
	case answer.StatusCode >= 300:
		return nil, refusal(r, answer, text)
	}
	return text, nil
}

func (c *Client) authorize(ctx context.Context, sent *http.Request) error {
	secret := c.options.Credentials
	if c.options.Token != nil {
		var err error
		if secret, err = c.options.Token(ctx); err != nil {
			return fmt.Errorf("the credentials for the API: %w", err)
		}
	}
	if secret != "" {
		sent.Header.Set("Authorization", "Bearer "+secret)
	}
	return nil
}

func refusal(r request, answer *http.Response, text []byte) error {
	var problem struct {
		Type, Title, Detail string
		Errors              []Mistake
	}
	reason := "without a reason"
	code, ours := "", false
	if json.Unmarshal(text, &problem) == nil {
		code, ours = strings.CutPrefix(problem.Type, problemPrefix)
	}
	if ours {
		reason = problem.Title + ": " + cmp.Or(listed(problem.Errors), problem.Detail)
	} else {
		code, problem.Errors = "", nil
	}
	kind := kindOf(answer.StatusCode)
	return &APIError{
		Kind: kind, Status: answer.StatusCode, Code: code, Mistakes: problem.Errors,
		RetryAfter:     retryAfter(answer.Header.Get("Retry-After")),
		OutcomeUnknown: kind == ErrUnavailable && answer.StatusCode != 429 && !slices.Contains(withoutEffect, code),
		message:        fmt.Sprintf("%s: %d %s", r, answer.StatusCode, reason),
	}
}

func kindOf(status int) error {
	switch {
	case status == 408 || status == 429 || status == 502 || status == 503 || status == 504:
		return ErrUnavailable
	case status == 401 || status == 403:
		return ErrAccessDenied
	case status == 404:
		return ErrNotFound
	case status == 409 || status == 412:
		return ErrConflict
	case status >= 400 && status < 500:
		return ErrInvalidRequest
	}
	return ErrUnexpectedAnswer
}

func listed(mistakes []Mistake) string {
	var lines []string
	for _, mistake := range mistakes {
		place := cmp.Or(mistake.Pointer, mistake.Parameter)
		if mistake.Header != "" { // it is no subject of what follows: the detail is a sentence about its value
			place = mistake.Header + ":"
		}
		lines = append(lines, strings.TrimSpace(place+" "+mistake.Detail))
	}
	return strings.Join(lines, "; ")
}

// retryAfter reads Retry-After, in seconds or as a date.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// retryPause is doubled each time, and shortened at random.
func retryPause(tries int) time.Duration {
	longest := min(5*time.Second, 100*time.Millisecond<<min(tries-1, 16))
	return longest/2 + rand.N(longest/2)
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}
