package jobstream

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// ClientOptions are the settings of a client.
type ClientOptions struct {
	// Credentials is an API key or a token.
	Credentials string
	// Token is called for each try and returns the credentials, for tokens that must be renewed.
	Token func(context.Context) (string, error)
	// RetryFor is how long a request is repeated while the API is unavailable or busy; default 30 s, negative for never.
	RetryFor time.Duration
	// HTTP sends the requests; default http.DefaultClient.
	HTTP *http.Client
	// Logger is told, after two seconds, which request is repeated and why; default slog.Default().
	Logger *slog.Logger
	// NoRetryWarning turns that off.
	NoRetryWarning bool
	// NoJobWarnings keeps from the Logger what the API says of a job that it has accepted, such as that no worker knows its
	// type. Without it, each sentence is logged once; JobState has them all.
	NoJobWarnings bool
}

// Client creates and follows jobs over HTTP. It may be used by several goroutines, and need not be closed. Errors of the
// API are *APIError, and match ErrUnavailable, ErrInvalidRequest, ErrAccessDenied, ErrNotFound or ErrConflict.
type Client struct {
	url     string
	options ClientOptions
	warned  *atomic.Bool // from a warning until something is answered
	told    *toldWarnings
}

// NewClient returns a client of the API at an address such as https://jobs.example.com.
func NewClient(address string, options ClientOptions) *Client {
	if options.RetryFor == 0 {
		options.RetryFor = 30 * time.Second
	}
	if options.HTTP == nil {
		options.HTTP = http.DefaultClient
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	return &Client{url: strings.TrimSuffix(address, "/"), options: options, warned: new(atomic.Bool), told: new(toldWarnings)}
}

// JobState is a job as the API shows it.
type JobState struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Status      string          `json:"status"` // scheduled, pending, processing, waiting, retrying, completed, failed or cancelled
	Version     int             `json:"version"`
	Payload     json.RawMessage `json:"payload"`
	Attempt     int             `json:"attempt"` // of the running or last attempt, 0 before the first
	MaxAttempts int             `json:"maxAttempts"`
	Tags        []string        `json:"tags"`
	Priority    Priority        `json:"priority"` // empty for normal
	Result      json.RawMessage `json:"result"`
	Error       *JobError       `json:"error"`
	Progress    *Progress       `json:"progress"`   // nil before the first
	WaitingFor  *WaitingFor     `json:"waitingFor"` // nil when it has ended, and where a call does not say it
	CreatedAt   time.Time       `json:"createdAt"`
	UpdatedAt   time.Time       `json:"updatedAt"`
	RunAt       *time.Time      `json:"runAt"`
	RerunOf     string          `json:"rerunOf"` // the id of the job that this one repeats
	// ByDefinition has the settings that its creator left out and the definition of its type gave; nil where there are none.
	ByDefinition *ByDefinition `json:"byDefinition"`
	Unique       *Unique       `json:"unique"`   // nil for a job that keeps no other from being created
	Existing     bool          `json:"existing"` // no job was created: this one holds the unique key
	Revised      bool          `json:"revised"`  // it was given what the request asks for, by OnConflict
	Warnings     []Warning     `json:"warnings"`
}

// Priority says which jobs of a type start first where more wait than can run: while jobs of each wait, 16 of 21 starts are of high,
// 4 of normal and 1 of low priority.
type Priority string

// The priorities of jobs.
const (
	HighPriority   Priority = "high"
	NormalPriority Priority = "normal"
	LowPriority    Priority = "low"
)

// Progress is what the handler has reported last.
type Progress struct {
	Percent float64 `json:"percent"` // 0 where it has reported a message alone
	Message string  `json:"message"`
}

// WaitingFor says why a job that has not ended does not run, or that it does. Releases may add reasons.
type WaitingFor struct {
	// Reason is running, lostWorker, due, backoff, sleep, signal, paused, noWorker, concurrency, rateLimit, queue or upgrade.
	Reason  string     `json:"reason"`
	Attempt int        `json:"attempt"` // with running, lostWorker, backoff, sleep and signal
	Worker  string     `json:"worker"`  // with running and lostWorker
	At      *time.Time `json:"at"`      // with due
	Since   *time.Time `json:"since"`   // with running, lostWorker, signal and paused
	Until   *time.Time `json:"until"`   // with backoff and sleep; with signal and paused, if it ends by itself
	Names   []string   `json:"names"`   // with signal: it waits for one of these
	// Ahead is how many jobs of the type start first, up to 10,000; with queue, concurrency and rateLimit, nil where it was not counted.
	Ahead *int `json:"ahead"`
}

// Unique says which other jobs of the type are not created because of a job: those with the same values at the paths of By, while
// it is waiting or unfinished, or for some time from its creation.
type Unique struct {
	By    []string `json:"by"` // tenant, type, payload, or paths such as payload.userId
	While string   `json:"while,omitempty"`
	ForMs int64    `json:"forMs,omitempty"`
	// OnConflict says what a request does to the job that holds the key and has not started: keep, replace or debounce.
	OnConflict string `json:"onConflict,omitempty"`
}

// ByDefinition says which settings of a job the definition of its type gave.
type ByDefinition struct {
	Settings []string `json:"settings"` // of maxAttempts, backoff and timeoutMs
	Worker   string   `json:"worker"`   // that has announced the definition
}

// Warning is what the API says beside a job that it has accepted.
type Warning struct {
	Code   string `json:"code"` // unknown-type or payload-mismatch
	Detail string `json:"detail"`
}

// JobError is the error of the last failed attempt.
type JobError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Code    string `json:"code"`
	Stack   string `json:"stack"` // for callers with the scope jobs:debug
}

// HasEnded tells whether the job has completed, failed or been cancelled.
func (j JobState) HasEnded() bool {
	return j.Status == "completed" || j.Status == "failed" || j.Status == "cancelled"
}

// Get returns the job as it is now; ErrNotFound if there is none.
func (c *Client) Get(ctx context.Context, id string) (JobState, error) {
	return c.job(ctx, request{method: "GET", path: pathOf(id), repeatable: true})
}

// Wait returns the job when it has ended: its status says how. It waits for as long as the context allows, which does not
// end the job.
func (c *Client) Wait(ctx context.Context, id string) (JobState, error) {
	for early := 0; ; {
		began := time.Now()
		job, err := c.job(ctx, request{
			method: "GET", path: pathOf(id) + "?wait=25s", repeatable: true, patience: longestWait + defaultPatience,
		})
		if err != nil || job.HasEnded() {
			return job, err
		}
		if time.Since(began) < longestWait/2 { // an API that is about to stop answers early
			early++
			if err := pause(ctx, retryPause(early)); err != nil {
				return job, err
			}
		}
	}
}

// Cancel cancels a job that has not ended; the context of a running handler ends. ErrConflict if it has ended.
func (c *Client) Cancel(ctx context.Context, id, reason string) (JobState, error) {
	return c.change(ctx, id, "/cancel", changes{Reason: reason}, true)
}

// Retry runs a failed or cancelled job again, from attempt 1; ErrConflict in any other state.
func (c *Client) Retry(ctx context.Context, id, reason string) (JobState, error) {
	return c.change(ctx, id, "/retry", changes{Reason: reason}, false)
}

// RetryWithPayload is Retry with another payload, which all later attempts have; ErrInvalidRequest if the workers of the type
// would not accept it.
func (c *Client) RetryWithPayload(ctx context.Context, id string, payload any, reason string) (JobState, error) {
	return c.change(ctx, id, "/retry", changes{Reason: reason, Payload: &payload}, false)
}

// Signal sends a signal to a job that has not ended, for the WaitFor that waits for it now or later. The same idempotency key gives the job
// one signal, however often the call is repeated; the empty one is a random key. ErrNotFound for a name that no worker of the type takes,
// ErrInvalidRequest for a payload that they do not accept, ErrConflict if the job has ended or has too many signals that nothing has read.
//
//	job, err := client.Signal(ctx, id, "approved", Approval{By: "ann@example.com"}, approval.ID)
func (c *Client) Signal(ctx context.Context, id, name string, payload any, idempotencyKey string) (JobState, error) {
	return c.job(ctx, request{
		method: "POST", path: pathOf(id) + "/signals/" + url.PathEscape(name), body: changes{Payload: &payload}, repeatable: true,
		header: map[string]string{"Idempotency-Key": cmp.Or(idempotencyKey, rand.Text())},
	})
}

// RunNow makes a job that is delayed, or waits for its next attempt, due at once; ErrConflict in any other state.
func (c *Client) RunNow(ctx context.Context, id, reason string) (JobState, error) {
	return c.change(ctx, id, "/run-now", changes{Reason: reason}, true)
}

// ChangePriority gives a job that waits another priority; ErrConflict in any other state.
func (c *Client) ChangePriority(ctx context.Context, id string, priority Priority, reason string) (JobState, error) {
	return c.change(ctx, id, "/priority", changes{Reason: reason, Priority: priority}, true)
}

type changes struct {
	Reason   string   `json:"reason,omitempty"`
	Payload  *any     `json:"payload,omitempty"` // nil: as it is
	Priority Priority `json:"priority,omitempty"`
}

func (c *Client) change(ctx context.Context, id, action string, body changes, repeatable bool) (JobState, error) {
	return c.job(ctx, request{method: "POST", path: pathOf(id) + action, body: body, repeatable: repeatable})
}

// EnqueueOption says how a job is to be run. What is left out has the defaults of the API.
type EnqueueOption func(*newJob)

type newJob struct {
	Type        string         `json:"type,omitempty"`
	Payload     *any           `json:"payload,omitempty"`
	RunAt       *time.Time     `json:"runAt,omitempty"`
	DelayMs     int64          `json:"delayMs,omitempty"`
	MaxAttempts int            `json:"maxAttempts,omitempty"`
	TimeoutMs   int64          `json:"timeoutMs,omitempty"`
	Backoff     map[string]any `json:"backoff,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	Priority    Priority       `json:"priority,omitempty"`
	Unique      *Unique        `json:"unique,omitempty"`
	Reason      string         `json:"reason,omitempty"`

	key string
}

// IdempotencyKey makes repeated calls give the same job; default a random key.
func IdempotencyKey(key string) EnqueueOption { return func(job *newJob) { job.key = key } }

// RunAt is when the job is due; not together with Delay.
func RunAt(at time.Time) EnqueueOption { return func(job *newJob) { job.RunAt = &at } }

// Delay is how long from now the job is due.
func Delay(delay time.Duration) EnqueueOption {
	return func(job *newJob) { job.DelayMs = delay.Milliseconds() }
}

// MaxAttempts is how often the job is tried.
func MaxAttempts(attempts int) EnqueueOption { return func(job *newJob) { job.MaxAttempts = attempts } }

// Timeout is how long one attempt may take.
func Timeout(timeout time.Duration) EnqueueOption {
	return func(job *newJob) { job.TimeoutMs = timeout.Milliseconds() }
}

// FixedBackoff makes each retry wait for the same time.
func FixedBackoff(delay time.Duration) EnqueueOption {
	return func(job *newJob) { job.Backoff = map[string]any{"type": "fixed", "delayMs": delay.Milliseconds()} }
}

// ExponentialBackoff makes retries wait for a time that doubles, up to a limit.
func ExponentialBackoff(delay, longest time.Duration) EnqueueOption {
	return func(job *newJob) {
		job.Backoff = map[string]any{
			"type": "exponential", "delayMs": delay.Milliseconds(), "maxDelayMs": longest.Milliseconds(),
		}
	}
}

// Tags are up to 32 texts by which jobs are found.
func Tags(tags ...string) EnqueueOption { return func(job *newJob) { job.Tags = tags } }

// WithPriority is the priority of the job; default NormalPriority.
func WithPriority(priority Priority) EnqueueOption {
	return func(job *newJob) { job.Priority = priority }
}

// UniqueWhileUnfinished makes Enqueue return the job with the same values at these paths, such as payload.userId, that has not ended.
// Its Existing tells that none was created. The last of these three options counts.
func UniqueWhileUnfinished(by ...string) EnqueueOption {
	return func(job *newJob) { job.Unique = &Unique{By: by, While: "unfinished"} }
}

// UniqueWhileWaiting is UniqueWhileUnfinished until the first start of the job.
func UniqueWhileWaiting(by ...string) EnqueueOption {
	return func(job *newJob) { job.Unique = &Unique{By: by, While: "waiting"} }
}

// UniqueFor is UniqueWhileUnfinished for some time from the creation of the job, also when it has ended.
func UniqueFor(age time.Duration, by ...string) EnqueueOption {
	return func(job *newJob) { job.Unique = &Unique{By: by, ForMs: age.Milliseconds()} }
}

// Payload is what the job of Rerun has instead of the payload of the first one.
func Payload(payload any) EnqueueOption {
	return func(job *newJob) { job.Payload = &payload }
}

// Enqueued is a job that was created; its status then.
type Enqueued[Result any] struct {
	JobState

	client *Client
}

// Enqueue creates a job, exactly one even if an answer is lost and the request is repeated. The payload is encoded by
// encoding/json.
//
//	job, err := jobstream.Enqueue[Receipt](ctx, client, "email", Email{To: "user@example.com"})
func Enqueue[Result any](
	ctx context.Context, client *Client, jobType string, payload any, options ...EnqueueOption,
) (Enqueued[Result], error) {
	return create[Result](ctx, client, "/api/jobs", newJob{Type: jobType, Payload: &payload}, options)
}

// Rerun creates a job like one that has ended: with its type, payload and settings, but for what the options say. Exactly one
// is created even if an answer is lost and the request is repeated; ErrConflict if the job has not ended.
//
//	job, err := jobstream.Rerun[Receipt](ctx, client, id, "the invoice was wrong", jobstream.Tags("corrected"))
func Rerun[Result any](
	ctx context.Context, client *Client, id, reason string, options ...EnqueueOption,
) (Enqueued[Result], error) {
	return create[Result](ctx, client, pathOf(id)+"/rerun", newJob{Reason: reason}, options)
}

func create[Result any](
	ctx context.Context, client *Client, path string, job newJob, options []EnqueueOption,
) (Enqueued[Result], error) {
	job.key = rand.Text()
	for _, option := range options {
		option(&job)
	}
	created, err := client.job(ctx, request{
		method: "POST", path: path, body: job, repeatable: true, header: map[string]string{"Idempotency-Key": job.key},
	})
	return Enqueued[Result]{JobState: created, client: client}, err
}

// Result waits until the job has ended, for as long as the context allows, and returns its result; a *JobFailedError if it
// failed for good, and ErrJobCancelled if it was cancelled.
func (e Enqueued[Result]) Result(ctx context.Context) (Result, error) {
	var result Result
	job, err := e.client.Wait(ctx, e.ID)
	switch {
	case err != nil:
		return result, err
	case job.Status == "failed":
		return result, &JobFailedError{Job: job}
	case job.Status == "cancelled":
		return result, ErrJobCancelled
	case len(bytes.TrimSpace(job.Result)) == 0:
		return result, nil
	}
	return result, json.Unmarshal(job.Result, &result)
}

func pathOf(id string) string { return "/api/jobs/" + url.PathEscape(id) }
