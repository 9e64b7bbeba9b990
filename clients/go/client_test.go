package jobstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

type answer struct {
	status int
	body   string
}

// api gives the answers in their order, and keeps the requests.
func api(t *testing.T, answers ...answer) (*Client, *[]*http.Request, *[]string) {
	t.Helper()
	var requests []*http.Request
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests, bodies = append(requests, r), append(bodies, string(body))
		if len(requests) > len(answers) {
			t.Errorf("unexpected request %d", len(requests))
			return
		}
		w.WriteHeader(answers[len(requests)-1].status)
		fmt.Fprint(w, answers[len(requests)-1].body)
	}))
	t.Cleanup(server.Close)
	return NewClient(server.URL, ClientOptions{Credentials: "secret"}), &requests, &bodies
}

func problem(code string) string {
	return `{"type": "urn:jobstream:problem:` + code + `", "title": "No", "errors": [{"pointer": "/type", "detail": "is wrong"}]}`
}

func TestEnqueueSendsWhatWasAskedFor(t *testing.T) {
	client, requests, bodies := api(t, answer{200, `{"id": "1", "status": "scheduled"}`})
	job, err := Enqueue[any](t.Context(), client, "email", email{"a"},
		IdempotencyKey("k"), Delay(1500*time.Millisecond), Timeout(time.Minute), FixedBackoff(time.Second), Tags("x"))
	if err != nil || job.Status != "scheduled" {
		t.Fatal(job, err)
	}
	const want = `{"type":"email","payload":{"To":"a"},"delayMs":1500,"timeoutMs":60000,"backoff":{"delayMs":1000,"type":"fixed"},"tags":["x"]}`
	header := (*requests)[0].Header
	if (*bodies)[0] != want || header.Get("Idempotency-Key") != "k" || header.Get("Authorization") != "Bearer secret" {
		t.Errorf("got %s, %v", (*bodies)[0], header)
	}
}

func TestAJobSaysWhichSettingsItsDefinitionGave(t *testing.T) {
	const body = `{"id": "1", "byDefinition": {"settings": ["maxAttempts", "backoff"], "worker": "mailer-1"}}`
	client, _, _ := api(t, answer{200, body}, answer{200, `{"id": "1"}`})
	job, err := client.Get(t.Context(), "1")
	if err != nil || job.ByDefinition == nil {
		t.Fatal(job, err)
	}
	if by := *job.ByDefinition; by.Worker != "mailer-1" || !slices.Equal(by.Settings, []string{"maxAttempts", "backoff"}) {
		t.Errorf("got %v", by)
	}
	if job, err := client.Get(t.Context(), "1"); err != nil || job.ByDefinition != nil {
		t.Errorf("got %v, %v", job.ByDefinition, err)
	}
}

func TestAJobThatHoldsTheUniqueKeyIsReturned(t *testing.T) {
	const held = `{"id": "1", "existing": true, "unique": {"by": ["payload"], "while": "waiting"}}`
	client, _, bodies := api(t, answer{201, `{"id": "1"}`}, answer{200, held}, answer{200, `{"id": "1"}`})
	first, err := Enqueue[any](t.Context(), client, "email", 1, UniqueWhileWaiting("payload"))
	if err != nil || first.Existing || first.Unique != nil {
		t.Fatal(first, err)
	}
	second, err := Enqueue[any](t.Context(), client, "email", 1, UniqueFor(time.Hour, "payload", "type"))
	if err != nil || !second.Existing || second.Unique == nil || second.Unique.While != "waiting" {
		t.Fatal(second, err)
	}
	if _, err := Enqueue[any](t.Context(), client, "email", 1, UniqueWhileUnfinished("type")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`"unique":{"by":["payload"],"while":"waiting"}`,
		`"unique":{"by":["payload","type"],"forMs":3600000}`,
		`"unique":{"by":["type"],"while":"unfinished"}`,
	}
	for index, body := range *bodies {
		if !strings.Contains(body, want[index]) {
			t.Errorf("got %s", body)
		}
	}
}

func TestAPriorityIsSentAndShownAndCanBeChanged(t *testing.T) {
	client, requests, bodies := api(t, answer{200, `{"id": "1"}`}, answer{200, `{"id": "1", "priority": "low"}`})
	if _, err := Enqueue[any](t.Context(), client, "email", 1, WithPriority(HighPriority)); err != nil {
		t.Fatal(err)
	}
	job, err := client.ChangePriority(t.Context(), "1", LowPriority, "it can wait")
	if err != nil || job.Priority != LowPriority || (*requests)[1].URL.Path != "/api/jobs/1/priority" {
		t.Fatal(job, err, (*requests)[1].URL)
	}
	if !strings.Contains((*bodies)[0], `"priority":"high"`) || (*bodies)[1] != `{"reason":"it can wait","priority":"low"}` {
		t.Errorf("got %s", *bodies)
	}
}

func TestASignalIsRepeatedWithItsKeyAndTheJobSaysWhatItWaitsFor(t *testing.T) {
	const waiting = `{"id": "1", "status": "waiting", "progress": {"percent": 50, "message": "asked"},
		"waitingFor": {"reason": "signal", "attempt": 1, "names": ["approved"], "since": "2026-01-31T09:30:00Z"}}`
	client, requests, bodies := api(t, answer{503, problem("log-overloaded")}, answer{202, waiting}, answer{202, `{"id": "1"}`})
	job, err := client.Signal(t.Context(), "1", "approved", email{"a"}, "")
	if err != nil || job.WaitingFor == nil || job.Progress == nil {
		t.Fatal(job, err)
	}
	if waits := *job.WaitingFor; waits.Reason != "signal" || !slices.Equal(waits.Names, []string{"approved"}) || waits.Since == nil {
		t.Errorf("got %v", waits)
	}
	if *job.Progress != (Progress{Percent: 50, Message: "asked"}) {
		t.Errorf("got %v", *job.Progress)
	}
	if job, err := client.Signal(t.Context(), "1", "note", nil, "approval-4711"); err != nil || job.WaitingFor != nil {
		t.Fatal(job, err)
	}
	var sent, keys []string
	for i, request := range *requests {
		sent = append(sent, request.URL.Path+" "+(*bodies)[i])
		keys = append(keys, request.Header.Get("Idempotency-Key"))
	}
	const first = `/api/jobs/1/signals/approved {"payload":{"To":"a"}}`
	if want := []string{first, first, `/api/jobs/1/signals/note {"payload":null}`}; !slices.Equal(sent, want) {
		t.Errorf("got %q", sent)
	}
	if keys[0] == "" || keys[1] != keys[0] || keys[2] != "approval-4711" {
		t.Errorf("got %q", keys)
	}
}

func TestARequestIsRepeatedWithItsKeyWhileTheAPIIsBusy(t *testing.T) {
	client, requests, _ := api(t, answer{503, problem("log-overloaded")}, answer{200, `{"id": "1"}`})
	if _, err := Enqueue[any](t.Context(), client, "email", nil, MaxAttempts(3)); err != nil {
		t.Fatal(err)
	}
	keys := []string{(*requests)[0].Header.Get("Idempotency-Key"), (*requests)[1].Header.Get("Idempotency-Key")}
	if keys[0] == "" || keys[0] != keys[1] {
		t.Errorf("got %v", keys)
	}
}

func TestEachReactionOfACallerHasItsError(t *testing.T) {
	for status, want := range map[int]error{
		401: ErrAccessDenied, 404: ErrNotFound, 409: ErrConflict, 422: ErrInvalidRequest, 500: ErrUnexpectedAnswer,
	} {
		client, _, _ := api(t, answer{status, problem("some-code")})
		_, err := client.Get(t.Context(), "1")
		var refused *APIError
		if !errors.Is(err, want) || !errors.As(err, &refused) || refused.Code != "some-code" || refused.Status != status {
			t.Errorf("%d: got %v", status, err)
		}
		if err != nil && !strings.Contains(err.Error(), "/type is wrong") {
			t.Errorf("%d: got %v", status, err)
		}
	}
}

func TestARetryIsNotRepeatedWhenItMayHaveTakenEffect(t *testing.T) {
	client, requests, _ := api(t, answer{502, ""})
	_, err := client.Retry(t.Context(), "1", "again")
	var refused *APIError
	if !errors.As(err, &refused) || !refused.OutcomeUnknown || len(*requests) != 1 {
		t.Errorf("got %v after %d requests", err, len(*requests))
	}
}

func TestAnotherPayloadIsSentOnlyWhereOneIsGiven(t *testing.T) {
	client, requests, bodies := api(t, slices.Repeat([]answer{{200, `{"id": "2", "rerunOf": "1"}`}}, 6)...)
	calls := []func() (JobState, error){
		func() (JobState, error) { return client.Retry(t.Context(), "1", "") },
		func() (JobState, error) { return client.RetryWithPayload(t.Context(), "1", nil, "mended") },
		func() (JobState, error) { return client.RetryWithPayload(t.Context(), "1", email{"a"}, "") },
		func() (JobState, error) { return client.RunNow(t.Context(), "1", "urgent") },
		func() (JobState, error) {
			job, err := Rerun[any](t.Context(), client, "1", "wrong invoice", Tags("x"))
			return job.JobState, err
		},
		func() (JobState, error) {
			job, err := Rerun[any](t.Context(), client, "1", "", Payload(nil), IdempotencyKey("k"))
			return job.JobState, err
		},
	}
	var sent []string
	for i, call := range calls {
		if job, err := call(); err != nil || job.RerunOf != "1" {
			t.Fatal(job, err)
		}
		sent = append(sent, (*requests)[i].URL.Path+" "+(*bodies)[i])
	}
	want := []string{
		`/api/jobs/1/retry {}`,
		`/api/jobs/1/retry {"reason":"mended","payload":null}`,
		`/api/jobs/1/retry {"payload":{"To":"a"}}`,
		`/api/jobs/1/run-now {"reason":"urgent"}`,
		`/api/jobs/1/rerun {"tags":["x"],"reason":"wrong invoice"}`,
		`/api/jobs/1/rerun {"payload":null}`,
	}
	if !slices.Equal(sent, want) {
		t.Errorf("got %q", sent)
	}
	if keys := (*requests)[4:]; keys[0].Header.Get("Idempotency-Key") == "" || keys[1].Header.Get("Idempotency-Key") != "k" {
		t.Error("a rerun needs its key")
	}
}

func TestResultWaitsUntilTheJobHasEnded(t *testing.T) {
	client, requests, _ := api(t, answer{200, `{"id": "1"}`}, answer{200, `{"status": "processing"}`},
		answer{200, `{"status": "completed", "result": 7}`})
	job, err := Enqueue[int](t.Context(), client, "email", nil)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := job.Result(t.Context()); result != 7 || err != nil {
		t.Errorf("got %d, %v", result, err)
	}
	if url := (*requests)[1].URL.String(); url != "/api/jobs/1?wait=25s" {
		t.Errorf("got %s", url)
	}
}

func TestAFailedJobHasNoResult(t *testing.T) {
	client, _, _ := api(t, answer{200, `{"status": "failed", "error": {"name": "E", "message": "no"}}`})
	_, err := Enqueued[json.RawMessage]{JobState: JobState{ID: "1"}, client: client}.Result(t.Context())
	var failed *JobFailedError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "E: no") {
		t.Errorf("got %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	client, _, _ := api(t, slices.Repeat([]answer{{200, `{"status": "processing"}`}}, 100)...)
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { _, err := client.Wait(ctx, "1"); waited <- err }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheNameOfAHeaderHasAColon(t *testing.T) {
	mistakes := []Mistake{{Header: "Idempotency-Key", Detail: "the first request had another body"}, {Parameter: "limit", Detail: "is wrong"}}
	if got, want := listed(mistakes), "Idempotency-Key: the first request had another body; limit is wrong"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}
