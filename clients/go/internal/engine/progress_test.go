package engine

import (
	"errors"
	"testing"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

func TestReporterAppendsTheLastOfFastReports(t *testing.T) {
	appending := make(chan struct{})
	var appended []string
	reporter := newReporter(func(data protocol.Data) error {
		<-appending
		appended = append(appended, data.Message)
		return nil
	}, func(err error) { t.Error(err) })
	reporter.report(protocol.Data{Message: "first"})
	for _, message := range []string{"second", "third", "last"} {
		reporter.report(protocol.Data{Message: message})
	}
	close(appending)
	reporter.finish()
	reporter.report(protocol.Data{Message: "too late"})
	reporter.appending.Wait()
	if len(appended) > 2 || appended[len(appended)-1] != "last" {
		t.Errorf("got %v", appended)
	}
}

func TestReporterGivesUpAfterAFailure(t *testing.T) {
	failed := make(chan error, 2)
	reporter := newReporter(func(protocol.Data) error { return ErrMovedOn }, func(err error) { failed <- err })
	reporter.report(protocol.Data{})
	if err := <-failed; !errors.Is(err, ErrMovedOn) {
		t.Errorf("got %v", err)
	}
	reporter.report(protocol.Data{})
	reporter.finish()
	if len(failed) > 0 {
		t.Error("expected no report after a failure")
	}
}
