// Command write-site writes out/NAME.conf for a site, and takes it away when the site goes.
//
// Standard input is one JSON document (the site, and the certificates that it names); standard output is what became of it; the exit code says how it went. Go's standard
// library is all it needs. See README.md.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What the daemon gives; fields that are not needed here are left out.
type input struct {
	Request    struct{ Name, Namespace string }
	Entry      *struct{ Spec json.RawMessage }
	Deleting   bool
	References []struct {
		Entry *struct{ Spec json.RawMessage }
	}
}

type site struct {
	Port  int
	Root  string
	Hosts []string
}

type certificate struct{ Certificate, Key, Serial string }

type output struct {
	Status    *status `json:"status,omitempty"`
	Finalized bool    `json:"finalized,omitempty"`
}

type status struct {
	Conditions []condition `json:"conditions"`
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Wrong until somebody changes the entry.
type refused struct{ reason, message string }

func (r refused) Error() string { return r.message }

func ready(state, reason, message string) *status {
	return &status{[]condition{{"Ready", state, reason, message}}}
}

// Whatever goes into the configuration is looked at: a value must not become a directive.
var (
	aName     = regexp.MustCompile(`^[A-Za-z0-9-][A-Za-z0-9.-]*$`)
	aHost     = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
	aPath     = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)
	notSerial = regexp.MustCompile(`[^A-Za-z0-9:]`)
)

func readSite(spec json.RawMessage) (site, error) {
	var read site
	if err := json.Unmarshal(spec, &read); err != nil {
		wrong := map[string]refused{
			"port":  {"BadPort", "spec.port must be a number"},
			"root":  {"BadRoot", "spec.root must be an absolute path"},
			"hosts": {"BadHosts", "spec.hosts must be a list of host names"},
		}
		var typed *json.UnmarshalTypeError
		if errors.As(err, &typed) {
			if refusal, known := wrong[strings.ToLower(typed.Field)]; known {
				return read, refusal
			}
		}
		return read, refused{"BadSpec", err.Error()}
	}
	if read.Port < 1 || read.Port > 65535 {
		return read, refused{"BadPort", "spec.port must be a number"}
	}
	if !strings.HasPrefix(read.Root, "/") {
		return read, refused{"BadRoot", "spec.root must be an absolute path"}
	}
	if !aPath.MatchString(read.Root) {
		return read, refused{"BadRoot", "spec.root must be of letters, digits, dots, dashes and slashes"}
	}
	for _, host := range read.Hosts {
		if !aHost.MatchString(host) {
			return read, refused{"BadHosts", "spec.hosts must be a list of host names"}
		}
	}
	if len(read.Hosts) == 0 {
		return read, refused{"BadHosts", "spec.hosts must be a list of host names"}
	}
	return read, nil
}

func configuration(name string, of site, certificates []certificate) ([]byte, error) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "# Written by trimtab for site/%s; changes made here will be lost.\n", name)
	fmt.Fprintf(&text, "server {\n    listen %d ssl;\n", of.Port)
	fmt.Fprintf(&text, "    server_name %s;\n    root %s;\n", strings.Join(of.Hosts, " "), of.Root)
	for _, each := range certificates {
		if !aPath.MatchString(each.Certificate) || !aPath.MatchString(each.Key) {
			return nil, refused{"BadCertificate", "a certificate must name its files by letters, digits, dots, dashes and slashes"}
		}
		fmt.Fprintf(&text, "    ssl_certificate %s;\n    ssl_certificate_key %s;\n", each.Certificate, each.Key)
		fmt.Fprintf(&text, "    # serial %s\n", notSerial.ReplaceAllString(each.Serial, ""))
	}
	text.WriteString("}\n")
	return text.Bytes(), nil
}

// Replaces a file, whole or not at all; one that is as it should be is left alone.
func makeSo(file string, text []byte) error {
	found, err := os.ReadFile(file)
	if err == nil && bytes.Equal(found, text) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	folder, name := filepath.Split(file)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	written := filepath.Join(folder, "."+name+".new")
	if err := os.WriteFile(written, text, 0o666); err != nil {
		return err
	}
	if err := os.Rename(written, file); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "wrote", file)
	return nil
}

func reconcile(in input) (output, error) {
	name := in.Request.Name
	// A name may hold more than a file name should. Nothing was ever written for such a site.
	writable := aName.MatchString(name)
	stem := name
	if in.Request.Namespace != "default" {
		stem = in.Request.Namespace + "--" + name
	}
	file := filepath.Join("out", stem+".conf")

	if in.Deleting {
		if writable {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return output{}, err
			}
		}
		return output{Finalized: true}, nil
	}
	if in.Entry == nil {
		return output{}, nil // gone, and cleaned up before it went
	}
	if !writable {
		return output{}, refused{"BadName", "the name must be of letters, digits, dots and dashes"}
	}
	of, err := readSite(in.Entry.Spec)
	if err != nil {
		return output{}, err
	}
	var certificates []certificate
	for _, reference := range in.References {
		// A certificate that is not there is no reason to fail: when it comes, this runs again.
		if reference.Entry == nil {
			return output{Status: ready("False", "CertificateMissing", "a certificate that the site names is not there yet")}, nil
		}
		var read certificate
		if err := json.Unmarshal(reference.Entry.Spec, &read); err != nil {
			return output{}, refused{"BadCertificate", "a certificate cannot be read: " + err.Error()}
		}
		certificates = append(certificates, read)
	}
	text, err := configuration(name, of, certificates)
	if err != nil {
		return output{}, err
	}
	if err := makeSo(file, text); err != nil {
		return output{}, err
	}
	return output{Status: ready("True", "Written", "written "+file)}, nil
}

func run() int {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 0
	out, err := reconcile(in)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		var refusal refused
		if !errors.As(err, &refusal) {
			return 1
		}
		out = output{Status: ready("False", refusal.reason, refusal.message)}
		code = 65 // not tried again until the entry changes
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func main() { os.Exit(run()) }
