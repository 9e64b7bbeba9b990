package protocol

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func signalled(version int, name string, at time.Time) *Event {
	signal := event("JobSignalled", version, Data{Name: name, Payload: json.RawMessage("7")})
	signal.ID, signal.At = "s"+string(rune('0'+version)), at
	return signal
}

func awaiting(version int, at time.Time, names ...string) *Event {
	until := now.Add(3 * time.Hour)
	event := event("JobSuspended", version, Data{Attempt: 1, Until: &until, RanMs: new(1.0), Signals: SignalNames(names)})
	event.At = at
	return event
}

func read(version int, ids ...string) *Event {
	var steps []Step
	for _, id := range ids {
		steps = append(steps, Step{Name: "step " + id, Signal: &SignalRead{ID: id, Name: "approved"}})
	}
	return event("JobStepsRecorded", version, Data{Attempt: 1, From: new(0), Steps: steps})
}

func idsOf(job *Job) string {
	var ids []string
	for _, signal := range job.Signals {
		ids = append(ids, signal.ID)
	}
	return strings.Join(ids, " ")
}

func TestASignalIsUnreadUntilAStepHasReadIt(t *testing.T) {
	job := Fold(history(created(), started(1), signalled(3, "approved", now), signalled(4, "note", now), signalled(5, "approved", now)))
	if idsOf(job) != "s3 s4 s5" || string(job.Signals[0].Payload) != "7" || !slices.Equal(job.Dispatches, []uint64{1, 3, 4, 5}) {
		t.Errorf("got %+v", job)
	}
	if after := job.After(*read(6, "s3"), 6); idsOf(after) != "s4 s5" || idsOf(job) != "s3 s4 s5" {
		t.Errorf("got %s", idsOf(after))
	}
	for _, wrong := range []*Event{read(6, "s3", "s5", "s9"), signalled(6, "two words", now)} {
		if job.precedes(wrong) {
			t.Errorf("expected %s not to count", wrong.Event)
		}
	}
	ended := Fold(history(created(), event("JobCancelled", 2, Data{}), signalled(3, "approved", now)))
	if ended.Version != 2 || ended.Signals != nil {
		t.Errorf("got %+v", ended)
	}
}

func TestAJobIsCarriedWithItsSignals(t *testing.T) {
	until := now.Add(3 * time.Hour)
	signals, err := json.Marshal([]Signal{{ID: "s", Name: "note", Payload: json.RawMessage("null"), At: now}})
	if err != nil {
		t.Fatal(err)
	}
	data := Data{Status: "waiting", Attempt: 1, RunAt: &until, TimeoutMs: 30_000, Signals: signals, Awaits: []string{"approved"}}
	carried := event("JobCarriedWaiting", 9, data)
	if job := Fold(history(carried)); idsOf(job) != "s" || string(job.Signals[0].Payload) != "null" {
		t.Errorf("got %+v", job)
	}
	called := Fold(history(carried, signalled(10, "approved", now.Add(time.Hour))))
	if !called.RunAt.Equal(now.Add(time.Hour)) || idsOf(called) != "s s:" {
		t.Errorf("got %v, %s", called.RunAt, idsOf(called))
	}
	if again := Fold(history(carried, event("JobCarriedWaiting", 10, data))); again.Version != 10 {
		t.Errorf("got %+v", again)
	}
	for _, other := range []json.RawMessage{nil, []byte(`[{"id":"s","name":"approved"}]`), []byte(`["approved"]`)} {
		data.Signals = other
		if again := Fold(history(carried, event("JobCarriedWaiting", 10, data))); again.Version != 9 {
			t.Errorf("%s: got %+v", other, again)
		}
	}
}

func TestASignalCallsAJobThatWaitsForIt(t *testing.T) {
	soon, signal := now.Add(time.Hour), signalled(4, "approved", now.Add(2*time.Hour))
	waiting := Fold(history(created(), started(1), awaiting(3, soon, "approved"), signal))
	other := Fold(history(created(), started(1), awaiting(3, soon, "note"), signal))
	early := signalled(3, "approved", soon)
	overtaken := Fold(history(created(), started(1), early, awaiting(4, signal.At, "approved")))
	for _, test := range []struct {
		job   *Job
		call  Call
		now   time.Time
		want  Decision
		runAt time.Time
	}{
		{waiting, Call{Event: signal, Sequence: 4, Delivery: 1}, now, Resume, signal.At}, // whatever the clock says
		{other, Call{Event: signal, Sequence: 4, Delivery: 1}, now, Acknowledge, now.Add(3 * time.Hour)},
		{overtaken, Call{Event: early, Sequence: 3, Delivery: 1}, signal.At, Acknowledge, signal.At}, // the timer calls
	} {
		if got := Plan(test.job, test.call, test.now); got != test.want || !test.job.RunAt.Equal(test.runAt) {
			t.Errorf("got %v at %v", got, test.job.RunAt)
		}
	}
	late := signalled(4, "approved", now.Add(4*time.Hour))
	if job := Fold(history(created(), started(1), awaiting(3, soon, "approved"), late)); !job.RunAt.Equal(now.Add(3 * time.Hour)) {
		t.Errorf("got %v", job.RunAt)
	}
	if at := (Call{Event: signal}).NotBefore(); !at.Equal(signal.At) {
		t.Errorf("got %v", at)
	}
}

func TestASignalStartsNothingElse(t *testing.T) {
	signal := signalled(2, "approved", now)
	pending := Fold(history(created(), signal))
	begun := *started(1)
	begun.Version = 3
	running := pending.After(begun, 3)
	carried := running.After(*event("JobCarried", 4, Data{}), 4)
	retrying := running.After(*event("JobRetryScheduled", 4, Data{RetryAt: &now}), 4)
	for _, job := range []*Job{pending, running, carried, retrying} {
		for delivery := 1; delivery < 3; delivery++ {
			if got := Plan(job, Call{Event: signal, Sequence: 2, Delivery: delivery}, now.Add(time.Hour)); got != Acknowledge {
				t.Errorf("%s, delivery %d: got %v", job.Status, delivery, got)
			}
		}
	}
}

func TestTheRedeliveryOfASignalTellsThatItsWorkerIsLost(t *testing.T) {
	signal := signalled(4, "approved", now)
	resumed := event("JobResumed", 5, Data{Attempt: 1, Worker: "v"})
	resumed.CausationID = "s4"
	job := Fold(history(created(), started(1), awaiting(3, now, "approved"), signal, resumed))
	released := job.After(*event("JobReleased", 6, Data{}), 6)
	retrying := job.After(*event("JobRetryScheduled", 6, Data{RetryAt: &now}), 6)
	waiting := job.After(*awaiting(6, now, "approved"), 6)
	for index, test := range []struct {
		job      *Job
		sequence uint64
		delivery int
		want     Decision
	}{
		{job, 4, 1, HandBack}, {job, 4, 2, Start}, {job, 9, 2, Acknowledge}, // a copy
		{released, 4, 2, Start}, {retrying, 4, 2, SetTimer}, {waiting, 4, 2, SetTimer},
	} {
		call := Call{Event: signal, Sequence: test.sequence, Delivery: test.delivery}
		if got := Plan(test.job, call, now.Add(time.Hour)); got != test.want {
			t.Errorf("%d: got %v", index, got)
		}
	}
}
