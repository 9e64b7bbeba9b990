package jobstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// freeAddress is one on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func runAt(t *testing.T, options WorkerOptions) string {
	t.Helper()
	worker := NewWorker(options)
	Handle(worker, "email", noop)
	err := worker.Run(t.Context())
	var refused *ConnectionError
	if !errors.As(err, &refused) {
		t.Fatalf("expected a ConnectionError, got %v", err)
	}
	return err.Error()
}

func TestAWorkerThatCannotConnectSaysWhyInOneLine(t *testing.T) {
	address := freeAddress(t)
	for _, c := range []struct {
		options WorkerOptions
		want    string
	}{
		{WorkerOptions{Servers: "nats://worker:secret@" + address},
			"NATS at nats://" + address + " cannot be reached: the connection was refused. Start it, or correct NATS_URL."},
		{WorkerOptions{Servers: "nats://nats.invalid:4222"},
			"NATS at nats://nats.invalid:4222 cannot be reached: its name is not known. Start it, or correct NATS_URL."},
		{WorkerOptions{Servers: "nats://" + address, Credentials: "/nowhere/worker.creds"}, " Correct NATS_CREDS."},
	} {
		if got := runAt(t, c.options); !strings.HasSuffix(got, c.want) || strings.Contains(got, "secret") {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

func TestAnAddressThatIsNotSetIsSaidToBe(t *testing.T) {
	t.Setenv("NATS_URL", "")
	worker := NewWorker(WorkerOptions{})
	// The usual port of this machine may have a server.
	got := connectionError(worker.options.Servers, worker.serversByDefault, nats.ErrNoServers).Error()
	const want = "NATS at nats://127.0.0.1:4222 cannot be reached: the connection was refused. NATS_URL is not set: set it, or start NATS there."
	if got != want {
		t.Errorf("got %s", got)
	}
	_, err := NewClient("", ClientOptions{}).Get(t.Context(), "1")
	if err == nil || err.Error() != `expected the address of the API, such as http://127.0.0.1:3000, got ""` {
		t.Errorf("got %v", err)
	}
}

// lines hands out what a logger writes.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(bytes.TrimSpace(line))
	return len(line), nil
}

func loggerTo(written lines) *slog.Logger {
	return slog.New(slog.NewTextHandler(written, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func TestAProducerThatWaitsWarnsOfARefusalAndOfASilence(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client has ended
		<-r.Context().Done()
	}))
	defer silent.Close()
	refused := "http://" + freeAddress(t)
	for url, why := range map[string]string{
		refused:    "cannot be reached: the connection was refused. Start it, or correct the address.",
		silent.URL: "does not answer.",
	} {
		written := make(lines, 10)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = Enqueue[any](ctx, NewClient(url, ClientOptions{Logger: loggerTo(written)}), "email", nil)
		}()
		want := `level=WARN msg="POST /api/jobs: the API at ` + url + " " + why + ` Trying again for 30s."`
		if got := <-written; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		stop()
		<-ended
	}
}

func TestAWaitIsWarnedOfOnceUntilSomethingIsAnswered(t *testing.T) {
	const busy, created = http.StatusServiceUnavailable, http.StatusCreated
	answers := make(chan int, 4)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3") // later than the warning
		w.WriteHeader(<-answers)
		_, _ = io.WriteString(w, `{"id": "1"}`)
	}))
	defer server.Close()
	written := make(lines, 10)
	client := NewClient(server.URL, ClientOptions{Logger: loggerTo(written)})
	untilWarned := func() {
		answers <- busy
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = Enqueue[any](ctx, client, "email", nil)
		}()
		if got := <-written; !strings.Contains(got, "503") || !strings.Contains(got, "Trying again for 30s.") {
			t.Errorf("got %s", got)
		}
		stop()
		<-ended
	}
	untilWarned()
	answers <- busy
	answers <- created
	if _, err := Enqueue[any](t.Context(), client, "email", nil); err != nil || len(written) > 0 {
		t.Fatalf("got %v, %d lines", err, len(written))
	}
	untilWarned()
}

func TestWhatTheAPISaysOfAJobIsLoggedOnce(t *testing.T) {
	const detail = "no worker has announced the type emial; did you mean email?"
	const body = `{"id": "1", "warnings": [{"code": "unknown-type", "pointer": "/type", "detail": "` + detail + `"}]}`
	written := make(lines, 10)
	for _, off := range []bool{false, true} {
		client, _, _ := api(t, answer{201, body}, answer{201, body}, answer{201, `{"id": "2"}`})
		client.options.Logger, client.options.NoJobWarnings = loggerTo(written), off
		for _, want := range []int{1, 1, 0} {
			job, err := Enqueue[any](t.Context(), client, "emial", nil)
			if err != nil || len(job.Warnings) != want {
				t.Fatal(job, err)
			}
		}
	}
	if got, want := <-written, `level=WARN msg="POST /api/jobs: `+detail+`"`; got != want || len(written) > 0 {
		t.Errorf("got %s and %d more\nwant %s", got, len(written), want)
	}
}

func TestTheWarningCanBeTurnedOff(t *testing.T) {
	written := make(lines, 10)
	// Long enough to wait for two seconds, whatever the pauses are.
	options := ClientOptions{Logger: loggerTo(written), NoRetryWarning: true, RetryFor: 6 * time.Second}
	_, err := Enqueue[any](t.Context(), NewClient("http://"+freeAddress(t), options), "email", nil)
	if !errors.Is(err, ErrUnavailable) || len(written) > 0 {
		t.Errorf("got %v, %d lines", err, len(written))
	}
}
