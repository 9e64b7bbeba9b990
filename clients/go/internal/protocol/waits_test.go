package protocol

import (
	"testing"
	"time"
)

func suspended(attempt int, until time.Time) *Event {
	return event("JobSuspended", 3, Data{Attempt: attempt, Until: &until, RanMs: new(20_000.0)})
}

func TestAnAttemptWaitsAndGoesOnWithTheTimeThatItHasLeft(t *testing.T) {
	until, later := now.Add(5*time.Hour), now.Add(24*time.Hour)
	waiting := Fold(history(created(), started(1), suspended(1, until)))
	if waiting.Status != "waiting" || waiting.Attempt != 1 || !waiting.RunAt.Equal(until) || waiting.RanMs != 20_000 {
		t.Errorf("got %+v", waiting)
	}
	if at := waiting.CalledAt(now); !at.Equal(now.Add(time.Hour)) || !waiting.CalledAt(later).Equal(until) {
		t.Errorf("got %v", at)
	}
	resumed := event("JobResumed", 4, Data{Attempt: 1, Worker: "v"})
	resumed.At, resumed.CausationID = later, "timer:9"
	job := waiting.After(*resumed, 4)
	if job.Status != "processing" || job.Attempt != 1 || job.Worker != "v" || job.StartedBy != "timer:9" {
		t.Errorf("got %+v", job)
	}
	if job.RunID != "JobResumed" || !job.OverAt().Equal(later.Add(70*time.Second)) {
		t.Errorf("got %v", job.OverAt())
	}
	again := job.After(*event("JobStarted", 5, Data{Attempt: 2, Worker: "w"}), 5)
	if again.RanMs != 0 || !again.OverAt().Equal(now.Add(90*time.Second)) {
		t.Errorf("got %+v", again)
	}
}

func TestOnlyARunningAttemptIsSuspendedAndOnlyOneThatWaitsGoesOn(t *testing.T) {
	for _, wrong := range []*Event{
		suspended(2, now), event("JobSuspended", 3, Data{Attempt: 1}), event("JobResumed", 3, Data{Attempt: 1}),
		event("JobCarriedWaiting", 3, Data{Status: "waiting", Attempt: 1}),
	} {
		if job := Fold(history(created(), started(1), wrong)); job.Status != "processing" || job.Version != 2 {
			t.Errorf("%s: got %+v", wrong.Event, job)
		}
	}
}

func TestAJobThatWaitsIsCarriedByAnEventOfItsOwn(t *testing.T) {
	data := Data{
		Status: "waiting", Attempt: 2, RunAt: &now, StartedAt: &now, RanMs: new(29_999.5), TimeoutMs: 30_000,
		StepsRecorded: 1, Steps: []Step{{Name: "trial"}},
	}
	carried := event("JobCarriedWaiting", 9, data)
	if want := "jobs.email." + testJob + ".carried-waiting"; carried.Subject() != want {
		t.Errorf("got %s", carried.Subject())
	}
	job := Fold(history(carried))
	if job.Status != "waiting" || !job.RunAt.Equal(now) || len(job.Steps) != 1 || job.TimeLeft() != time.Millisecond {
		t.Errorf("got %+v", job)
	}
	if again := Fold(history(carried, event("JobCarriedWaiting", 10, data))); again.Version != 10 || again.CalledFrom != 2 {
		t.Errorf("got %+v", again)
	}
	if other := Fold(history(carried, event("JobCarried", 10, data))); other.Version != 9 {
		t.Errorf("got %+v", other)
	}
}

func TestAWaitEndsByItsTimerOnly(t *testing.T) {
	until := now.Add(3 * time.Hour)
	job := Fold(history(created(), started(1), suspended(1, until)))
	last := Fold(history(created(), started(2), suspended(2, until)))
	for _, test := range []struct {
		job  *Job
		call Call
		now  time.Time
		want Decision
	}{
		{job, Call{Sequence: 9, Delivery: 1, FiredFor: until}, now, Resume},
		{job, Call{Sequence: 9, Delivery: 2, FiredFor: until}, now, Resume},
		{job, Call{Sequence: 9, Delivery: 1, FiredFor: now.Add(time.Hour)}, now, SetTimer},
		{job, Call{Event: created(), Sequence: 1, Delivery: 2}, until, SetTimer},
		{last, Call{Sequence: 9, Delivery: 1, FiredFor: until}, now, Resume},
	} {
		if got := Plan(test.job, test.call, test.now); got != test.want {
			t.Errorf("%+v: got %v, expected %v", test.call, got, test.want)
		}
	}
}
