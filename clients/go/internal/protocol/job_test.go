package protocol

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

const testJob = "0193a3f0-0000-7000-8000-00000000beef"

var now = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

func event(name string, version int, data Data) *Event {
	return &Event{V: 1, ID: name, Event: name, JobID: testJob, JobType: "email", Version: version, At: now, Data: data}
}

func started(attempt int) *Event {
	event := event("JobStarted", 2, Data{Attempt: attempt, Worker: "w"})
	event.CausationID = "JobCreated"
	return event
}

func created() *Event { return event("JobCreated", 1, Data{MaxAttempts: 2, TimeoutMs: 30_000}) }

func history(events ...*Event) []Record {
	var records []Record
	for index, event := range events {
		records = append(records, Record{Event: event, Sequence: uint64(index + 1)})
	}
	return records
}

func TestFoldCountsOnlyEventsThatFollow(t *testing.T) {
	job := Fold(history(created(), nil, event("JobFailed", 7, Data{}), started(1), created()))
	if job.Status != "processing" || job.Version != 2 || job.Attempt != 1 || job.Sequence != 5 {
		t.Errorf("got %+v", job)
	}
}

func TestFoldBeginsAgainWhereTheLogHasLostEvents(t *testing.T) {
	job := Fold(history(created(), event("JobCarried", 9, Data{Status: "retrying", Attempt: 3, RunAt: &now})))
	if job.Status != "retrying" || job.Attempt != 3 || job.CalledFrom != 2 || len(job.Dispatches) != 1 {
		t.Errorf("got %+v", job)
	}
}

func TestFoldIsUnreadableWhenANewerReleaseHasBegunTheJob(t *testing.T) {
	newer := &Event{Event: "JobEnlisted", JobID: testJob, JobType: "email", Version: 1, Newer: true}
	discarded := event("JobRequeued", 2, Data{Discarded: new(1)})
	if job := Fold(history(newer, discarded)); job == nil || !job.Unreadable || job.Status != "" {
		t.Errorf("got %+v", job)
	}
	if job := Fold(history(newer, created())); job.Unreadable || job.Status != "pending" {
		t.Errorf("got %+v", job)
	}
}

func TestIsCheckedTellsAFirstEventOfANewerReleaseFromJunk(t *testing.T) {
	enlisted := &Event{Event: "JobEnlisted", JobID: testJob, JobType: "email", Newer: true}
	first := nats.Header{HeaderExpected: {"0"}, HeaderCompared: {"jobs.*." + testJob + ".>"}}
	if !IsChecked(first, enlisted) {
		t.Error("expected the first event of a job to count")
	}
	if IsChecked(nats.Header{HeaderExpected: {"0"}}, enlisted) {
		t.Error("expected what the server has not compared to be junk")
	}
	if IsChecked(first, &Event{Event: "JobStarted", JobID: testJob, JobType: "email", Newer: true}) {
		t.Error("expected a name that begins no job to be junk")
	}
}

func TestFoldIsUnreadableBehindANewerEventUntilItIsDiscarded(t *testing.T) {
	newer := &Event{Version: 2, Newer: true}
	if !Fold(history(created(), newer)).Unreadable {
		t.Error("expected the job to be unreadable")
	}
	if Fold(history(created(), newer, event("JobRequeued", 3, Data{Discarded: new(1)}))).Unreadable {
		t.Error("expected the job to be readable again")
	}
}

func TestFoldRunsNowWhatAnOperatorDoesNotLetWait(t *testing.T) {
	later := now.Add(time.Hour)
	waiting := event("JobCreated", 1, Data{MaxAttempts: 2, RunAt: &later})
	job := Fold(history(waiting, event("JobDueNow", 2, Data{})))
	if job.Status != "scheduled" || !job.RunAt.Equal(now) || len(job.Dispatches) != 1 {
		t.Errorf("got %+v", job)
	}
}

func TestFoldHasThePayloadThatWasPutInThePlaceOfTheFirst(t *testing.T) {
	changed := event("JobPayloadChanged", 3, Data{Payload: json.RawMessage(`"b"`)})
	job := Fold(history(created(), event("JobCancelled", 2, Data{}), changed))
	if string(job.Created.Data.Payload) != `"b"` || job.Created.Data.MaxAttempts != 2 {
		t.Errorf("got %+v", job)
	}
	if want := "jobs.email." + testJob + ".payload-changed"; changed.Subject() != want {
		t.Errorf("got %s, want %s", changed.Subject(), want)
	}
}

func TestFoldRevisesAJobBeforeItsFirstAttempt(t *testing.T) {
	later := now.Add(time.Hour)
	job := Fold(history(created(), event("JobRevised", 2, Data{Payload: json.RawMessage(`"b"`), RunAt: &later})))
	if job.Status != "scheduled" || !job.RunAt.Equal(later) || string(job.Created.Data.Payload) != `"b"` {
		t.Errorf("got %+v", job)
	}
	if Plan(job, Call{Event: created(), Sequence: 1, Delivery: 1}, now) != SetTimer {
		t.Error("expected the job to be left to its timer")
	}
	first := event("JobCreated", 1, Data{Payload: json.RawMessage(`"a"`)})
	due := Fold(history(first, event("JobRevised", 2, Data{RunAt: &now})))
	if due.Status != "pending" || string(due.Created.Data.Payload) != `"a"` {
		t.Errorf("got %+v", due)
	}
}

func TestFoldHasThePriorityOfACreationARequeueOrAChange(t *testing.T) {
	high := event("JobCreatedWithPriority", 1, Data{MaxAttempts: 2, Priority: "high"})
	given := event("JobPriorityChanged", 2, Data{Priority: "low"})
	again := event("JobRequeuedWithPriority", 4, Data{Priority: "high"})
	all := history(high, given, event("JobFailed", 3, Data{}), again, event("JobCancelled", 5, Data{}), event("JobRequeued", 6, Data{}))
	for index, want := range []string{"high", "low", "low", "high", "high", ""} {
		if job := Fold(all[:index+1]); job.Priority != want {
			t.Errorf("after %s: got %q, want %q", all[index].Event.Event, job.Priority, want)
		}
	}
	if job := Fold(all); job.CalledFrom != 2 || !slices.Equal(job.Dispatches, []uint64{1, 4, 6}) {
		t.Errorf("got %+v", job)
	}
	if job := Fold(history(event("JobCarried", 9, Data{Status: "pending", Priority: "low"}))); job.Priority != "low" {
		t.Errorf("got %+v", job)
	}
	if job := Fold(history(event("JobCreated", 1, Data{Priority: "low"}))); job.Priority != "" {
		t.Error("expected a JobCreated to make a normal job")
	}
}

func TestPlan(t *testing.T) {
	due := now.Add(time.Hour)
	over := now.Add(90 * time.Second)
	retrying := history(created(), started(1), event("JobRetryScheduled", 3, Data{RetryAt: &due}))
	first, again := Call{Event: created(), Sequence: 1, Delivery: 1}, Call{Event: created(), Sequence: 1, Delivery: 2}
	lowered := history(created(), event("JobPriorityChanged", 2, Data{Priority: "low"}))
	for name, test := range map[string]struct {
		history []Record
		call    Call
		want    Decision
	}{
		"takes over from a lost worker":          {history(created(), started(1)), again, Start},
		"gives up after the last attempt":        {history(created(), started(2)), again, GiveUp},
		"hands back what runs":                   {history(created(), started(1)), first, HandBack},
		"starts at a timer that has fired":       {retrying, Call{Sequence: 9, Delivery: 1, FiredFor: due}, Start},
		"waits until it is due":                  {retrying, Call{Sequence: 9, Delivery: 1}, SetTimer},
		"leaves a served call to its timer":      {retrying, again, SetTimer},
		"starts at its own timer again":          {retrying, Call{Sequence: 9, Delivery: 2, FiredFor: due}, Start},
		"leaves it to its own timer":             {retrying, Call{Sequence: 9, Delivery: 2, FiredFor: now}, SetTimer},
		"waits for what another runs":            {history(created(), started(1)), Call{Sequence: 9, Delivery: 1, FiredFor: now}, HandBack},
		"watches what another runs":              {history(created(), started(1)), Call{Sequence: 9, Delivery: 2, FiredFor: now}, Watch},
		"takes over what must be over":           {history(created(), started(1)), Call{Sequence: 9, Delivery: 1, FiredFor: over}, Start},
		"knows no such job":                      {nil, first, Acknowledge},
		"knows copies":                           {history(created()), Call{Event: created(), Sequence: 5, Delivery: 1}, Acknowledge},
		"calls again with its new priority":      {lowered, first, SetTimer},
		"starts at the timer of its priority":    {lowered, Call{Sequence: 9, Delivery: 1, FiredFor: now, Priority: "low"}, Start},
		"sets a timer of another priority again": {lowered, Call{Sequence: 9, Delivery: 1, FiredFor: now}, SetTimer},
		"knows calls from before it was carried": {
			history(created(), event("JobPriorityChanged", 2, Data{Priority: "low"}), event("JobCarried", 3, Data{})), first, Acknowledge,
		},
		"leaves what runs to its own call": {
			history(created(), event("JobPriorityChanged", 2, Data{Priority: "low"}), event("JobStarted", 3, Data{Attempt: 1})), first, Acknowledge,
		},
		"has ended": {history(created(), event("JobCancelled", 2, Data{})), first, Acknowledge},
	} {
		if got := Plan(Fold(test.history), test.call, now); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestDecode(t *testing.T) {
	body := func(event *Event) []byte { text, _ := json.Marshal(event); return text }
	first := nats.Header{HeaderExpected: {"0"}}
	if _, err := Decode(created().Subject(), body(created()), first); err != nil {
		t.Errorf("an event: %v", err)
	}
	if _, err := Decode(started(1).Subject(), body(created()), first); err == nil {
		t.Error("expected an event on the subject of another to be refused")
	}
	if _, err := Decode(created().Subject(), body(created()), nats.Header{HeaderExpected: {"7"}}); err == nil {
		t.Error("expected a copied JobCreated to be refused")
	}
	high := event("JobCreatedWithPriority", 1, Data{Priority: "high"})
	urgent := event("JobCreatedWithPriority", 1, Data{Priority: "urgent"})
	compared := nats.Header{HeaderExpected: {"0"}, HeaderCompared: {"jobs.*." + testJob + ".>"}}
	if _, err := Decode("jobs.email."+testJob+".high", body(high), compared); err != nil {
		t.Errorf("a creation with a priority: %v", err)
	}
	if _, err := Decode("jobs.email."+testJob+".high", body(high), first); err == nil {
		t.Error("expected a creation that is not compared with all subjects of the job to be refused")
	}
	if _, err := Decode("jobs.email."+testJob+".low", body(high), compared); err == nil {
		t.Error("expected an event on the subject of another priority to be refused")
	}
	if _, err := Decode(urgent.Subject(), body(urgent), compared); err == nil {
		t.Error("expected an unknown priority to be refused")
	}
	unlikely := event("JobPriorityChanged", 2, Data{Priority: "urgent"})
	if _, err := Decode(unlikely.Subject(), body(unlikely), nil); err == nil {
		t.Error("expected a change to an unknown priority to be refused")
	}
	if _, err := Decode("jobs.email."+testJob+".low", body(event("JobMerged", 2, Data{})), nil); err == nil {
		t.Error("expected an unknown event on the subject of a priority to be refused")
	}
	newer, err := Decode("jobs.email."+testJob+".merged", body(event("JobMerged", 2, Data{})), nil)
	if err != nil || !newer.Newer {
		t.Errorf("an event of a newer release: %v, %v", newer, err)
	}
	if _, err := Decode("jobs.email."+testJob+".completed", body(event("JobMerged", 2, Data{})), nil); err == nil {
		t.Error("expected an unknown event on a known subject to be refused")
	}
}

func TestBackoffGrowsUpToItsLimit(t *testing.T) {
	rule := Backoff{Type: "exponential", DelayMs: 1000, MaxDelayMs: 6000}
	for attempt, want := range map[int]time.Duration{1: time.Second, 3: 4 * time.Second, 4: 6 * time.Second, 900: 6 * time.Second} {
		if got := rule.After(attempt); got != want {
			t.Errorf("after attempt %d: got %v, want %v", attempt, got, want)
		}
	}
}

func TestOnlyATextOfThisJobIsItsEncryptedPayload(t *testing.T) {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM","kid":"job-1"}`))
	for payload, want := range map[string]bool{
		`{"$jwe": "` + header + `..a.b.c"}`: true, `null`: false, `{"$jwe": 1}`: false, `{"$jwe": "no header"}`: false, "": false,
	} {
		if IsEncrypted(json.RawMessage(payload), "job-1") != want {
			t.Errorf("%s: expected %v", payload, want)
		}
		if IsEncrypted(json.RawMessage(payload), "job-2") {
			t.Errorf("%s: expected another job's text to stay", payload)
		}
	}
}

func recorded(version, attempt, from int, steps ...Step) *Event {
	return event("JobStepsRecorded", version, Data{Attempt: attempt, From: &from, Steps: steps})
}

func TestFoldKeepsTheLastRecordOfEachStepOfTheRunningAttempt(t *testing.T) {
	key := "a"
	failed, paid := Step{Name: "pay", Error: &JobError{}}, Step{Name: "pay", Result: json.RawMessage("1")}
	again, overtaken := recorded(4, 1, 0, Step{Name: "again"}), recorded(4, 2, 1, Step{Name: "overtaken"})
	last := recorded(4, 1, 1, paid, Step{Name: "send", Key: &key})
	job := Fold(history(created(), started(1), recorded(3, 1, 0, failed), again, overtaken, last))
	if job.StepsRecorded != 3 || job.Version != 4 || job.Sequence != 6 || len(job.Steps) != 2 {
		t.Errorf("got %+v", job)
	}
	if job.Steps["pay"].Error != nil || job.Steps["send\na"].Key == nil {
		t.Errorf("got %+v", job.Steps)
	}
}

func TestAnotherPayloadDropsTheStepsUnlessTheyAreKept(t *testing.T) {
	before := []*Event{created(), started(1), recorded(3, 1, 0, Step{Name: "pay"}), event("JobFailed", 4, Data{})}
	kept := Fold(history(append(before, event("JobPayloadChanged", 5, Data{KeepSteps: true}))...))
	if len(kept.Steps) != 1 || kept.StepsRecorded != 1 || kept.Generation != 0 {
		t.Errorf("got %+v", kept)
	}
	dropped := Fold(history(append(before, event("JobPayloadChanged", 5, Data{}))...))
	if len(dropped.Steps) != 0 || dropped.StepsRecorded != 0 || dropped.Generation != 1 {
		t.Errorf("got %+v", dropped)
	}
}

func TestAJobThatWasCarriedHasItsSteps(t *testing.T) {
	data := Data{Status: "processing", Attempt: 1, StepsRecorded: 2, Generation: 3, Steps: []Step{{Name: "pay"}}}
	carried := event("JobCarriedWithSteps", 9, data)
	job := Fold(history(carried, recorded(10, 1, 2, Step{Name: "send"})))
	if job.StepsRecorded != 3 || len(job.Steps) != 2 || job.Generation != 3 {
		t.Errorf("got %+v", job)
	}
	data.StepsRecorded = 1
	if other := Fold(history(carried, event("JobCarriedWithSteps", 10, data))); other.Version != 9 || other.CalledFrom != 1 {
		t.Errorf("got %+v", other)
	}
}
