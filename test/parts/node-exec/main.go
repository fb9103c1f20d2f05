// A stand-in for the part of a kubelet that `kubectl exec` reaches: the streaming server is Kubernetes' own
// (k8s.io/kubelet/pkg/cri/streaming), the container runtime behind it runs commands on this host.
//
//	node-exec -listen 127.0.0.1:10250 -pods FOLDER
//
// FOLDER/namespace/pod/container.json describes a container: {"env": ["PATH=/some/folder"]}. Where it is missing, the
// container does not run. Commands are looked up in that PATH and get that environment, nothing else.
//
// Two things it does as containerd does them, since thaw depends on them: the end of the client's input, and the loss
// of the client too, close the command's standard input; and nothing else tells the command that nobody is there any
// more. Its output is no longer read then, so it may stand still for ever.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"
	protocols "k8s.io/apimachinery/pkg/util/remotecommand"
	terminal "k8s.io/client-go/tools/remotecommand"
	"k8s.io/kubelet/pkg/cri/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// As the kubelet has them.
const (
	idleTimeout           = 4 * time.Hour
	streamCreationTimeout = 30 * time.Second
)

type node struct {
	pods    string
	running sync.Map // process groups
}

func main() {
	listen := flag.String("listen", "", "address and port")
	pods := flag.String("pods", "", "folder that says which containers run")
	flag.Parse()
	certificate, err := selfSigned()
	if err != nil {
		log.Fatal(err)
	}
	here := &node{pods: *pods}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-ended
		here.running.Range(func(group, _ any) bool {
			_ = syscall.Kill(-group.(int), syscall.SIGKILL)
			return true
		})
		os.Exit(0)
	}()
	server := &http.Server{
		Addr:    *listen,
		Handler: http.HandlerFunc(here.serve),
		// SPDY upgrades an HTTP/1.1 connection.
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	log.Fatal(server.ListenAndServeTLS("", ""))
}

// /exec/{namespace}/{pod}/{container}, with the command and the streams as parameters.
func (n *node) serve(answer http.ResponseWriter, request *http.Request) {
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "exec" {
		http.NotFound(answer, request)
		return
	}
	if _, err := n.environment(parts[1]+"/"+parts[2], parts[3]); err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	streams, err := remotecommand.NewOptions(request)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeExec(answer, request, n, parts[1]+"/"+parts[2], types.UID(""), parts[3],
		request.Form["command"], streams, idleTimeout, streamCreationTimeout, protocols.SupportedStreamingProtocols)
}

func (n *node) environment(pod, container string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(n.pods, pod, container+".json"))
	if err != nil {
		return nil, fmt.Errorf("container not found (%q)", container)
	}
	var described struct{ Env []string }
	if err := json.Unmarshal(text, &described); err != nil {
		return nil, err
	}
	return described.Env, nil
}

// ExecInContainer is what the streaming server calls once all streams are there.
func (n *node) ExecInContainer(_ context.Context, pod string, _ types.UID, container string, command []string,
	in io.Reader, out, err io.WriteCloser, _ bool, _ <-chan terminal.TerminalSize, _ time.Duration) error {
	environment, failure := n.environment(pod, container)
	if failure != nil {
		return failure
	}
	program, failure := lookUp(command[0], environment)
	if failure != nil {
		return failure
	}
	process := &exec.Cmd{Path: program, Args: command, Env: environment, Dir: "/",
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}}
	var copies sync.WaitGroup
	var ours []io.Closer
	for _, stream := range []struct {
		to     io.WriteCloser
		handle *io.Writer
	}{{out, &process.Stdout}, {err, &process.Stderr}} {
		if stream.to == nil {
			continue
		}
		reader, writer, failure := os.Pipe()
		if failure != nil {
			return failure
		}
		*stream.handle = writer
		ours = append(ours, writer)
		defer reader.Close()
		copies.Add(1)
		go func() {
			defer copies.Done()
			_, _ = io.Copy(stream.to, reader)
		}()
	}
	if in != nil {
		reader, writer, failure := os.Pipe()
		if failure != nil {
			return failure
		}
		process.Stdin = reader
		ours = append(ours, reader)
		go func() {
			_, _ = io.Copy(writer, in)
			_ = writer.Close()
		}()
	}
	failure = process.Start()
	for _, end := range ours {
		_ = end.Close()
	}
	if failure != nil {
		return failure
	}
	n.running.Store(process.Process.Pid, true)
	defer n.running.Delete(process.Process.Pid)
	failure = process.Wait()
	copies.Wait()
	var exit *exec.ExitError
	if errors.As(failure, &exit) {
		status := exit.ExitCode()
		if signalled, ok := exit.Sys().(syscall.WaitStatus); ok && signalled.Signaled() {
			status = 128 + int(signalled.Signal())
		}
		return utilexec.CodeExitError{Err: failure, Code: status}
	}
	return failure
}

func lookUp(program string, environment []string) (string, error) {
	if strings.Contains(program, "/") {
		return program, nil
	}
	for _, variable := range environment {
		folders, isPath := strings.CutPrefix(variable, "PATH=")
		if !isPath {
			continue
		}
		for _, folder := range filepath.SplitList(folders) {
			path := filepath.Join(folder, program)
			if found, err := os.Stat(path); err == nil && !found.IsDir() {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("exec: %q: executable file not found in $PATH", program)
}

// API servers do not verify the certificate of a node unless they are told its authority.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"}}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key}, err
}
