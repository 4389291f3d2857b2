package api

import (
	"net/http"
	"slices"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Uploaded is a resource whose file was taken.
type Uploaded struct {
	Resource
	Success bool `json:"success"`
}

// UploadedCommunity is a community resource whose file was taken.
type UploadedCommunity struct {
	CommunityResource
	Success bool `json:"success"`
}

// UploadAnswer answers a part of a file, or says why it was not taken.
type UploadAnswer struct {
	Error   *string `json:"error"`
	Message string  `json:"message"`
	Success bool    `json:"success"`
}

// UploadState is what is here of a file that is sent by parts.
type UploadState struct {
	CreatedAt Moment `json:"created_at"`
	Filename  string `json:"filename"`
	// Received are the numbers of the parts that are here, from 0 on.
	Received []int64 `json:"received"`
	// Resource is what the file became, once it is done.
	Resource   *string `json:"resource"`
	State      string  `json:"state"`
	TotalParts int64   `json:"totalparts"`
	UUID       string  `json:"uuid"`
}

// FileLinkWrite asks for a link to the file of a resource.
type FileLinkWrite struct {
	Resource string `json:"resource"`
}

// FileLink leads to a file until it runs out; a public one never does.
type FileLink struct {
	ExpiresAt Moment `json:"expires_at"`
	URL       string `json:"url"`
}

// ReplaceArgs say how a file takes the place of another.
type ReplaceArgs struct {
	KeepTitle bool `query:"keep_title" help:"Keep a title that is not the name of the file before; otherwise the resource is called as its new file"`
}

// uploadRoutes take files.
func (a *API) uploadRoutes() {
	doc := func(summary string, status int) web.Doc {
		return web.Doc{
			Summary: summary, Tags: []string{"datasets"}, Auth: web.User, Slow: true, Status: status, MaxBody: a.Files.MaxUpload() + formRoom,
			Consumes: []string{"multipart/form-data"}, Description: uploadDescription,
			Statuses: map[int]string{http.StatusRequestEntityTooLarge: "The file is larger than this site takes.",
				http.StatusUnsupportedMediaType: "Pages are not hosted.", http.StatusInsufficientStorage: "No room is left on the server."},
		}
	}
	dataset, community := doc("Send a file as a new resource", http.StatusCreated), doc("Send a file as a community resource", http.StatusCreated)
	dataset.CreatesMore, community.Creates = true, true
	replace, again := doc("Replace the file of a resource", http.StatusOK), doc("Replace the file of a community resource", http.StatusOK)
	replace.CreatesMore, again.CreatesMore = true, true
	web.Post[Uploaded, web.None, web.Raw](a.v1, "/datasets/{dataset}/upload/", dataset, a.uploadResource)
	web.Post[UploadedCommunity, web.None, web.Raw](a.v1, "/datasets/{dataset}/upload/community/", community, a.uploadCommunity)
	web.Post[Uploaded, ReplaceArgs, web.Raw](a.v1, "/datasets/{dataset}/resources/{uuid}/upload/", replace, a.replaceFile)
	web.Post[UploadedCommunity, ReplaceArgs, web.Raw](a.v1, "/datasets/community_resources/{uuid}/upload/", again, a.replaceCommunityFile)
	web.Get[UploadState](a.v2, "/uploads/{uuid}/", web.Doc{Summary: "Tell which parts of a file are here", Tags: []string{"datasets"}, Auth: web.User}, a.getUpload)
	web.Post[FileLink](a.v2, "/files/link/", web.Doc{Summary: "Make a link of ten minutes to the file of a resource", Tags: []string{"datasets"}, Auth: web.User}, a.linkFile)
}

const uploadDescription = "The form holds the field file. To send a file by parts, each request holds one part as file, with the fields uuid (the same " +
	"for all parts), filename, partindex (from 0), partbyteoffset, totalparts and chunksize; the parts come in any order and may be repeated. A last request with " +
	"uuid, filename and totalparts, without a file, puts them together; the optional fields sha1 and sha256 are verified then."

func (a *API) uploadResource(c *web.Call, _ web.None, _ web.Raw) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	return a.take(c, catalog.UploadTarget{Dataset: id}, http.StatusCreated)
}

func (a *API) uploadCommunity(c *web.Call, _ web.None, _ web.Raw) error {
	id, done, err := a.resolveDataset(c)
	if done || err != nil {
		return err
	}
	return a.take(c, catalog.UploadTarget{Dataset: id, Community: true}, http.StatusCreated)
}

func (a *API) replaceFile(c *web.Call, args ReplaceArgs, _ web.Raw) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	return a.take(c, catalog.UploadTarget{Dataset: dataset, Resource: id, KeepTitle: args.KeepTitle}, http.StatusOK)
}

func (a *API) replaceCommunityFile(c *web.Call, args ReplaceArgs, _ web.Raw) error {
	id, err := resourceID(c)
	if err != nil {
		return err
	}
	return a.take(c, catalog.UploadTarget{Resource: id, Community: true, KeepTitle: args.KeepTitle}, http.StatusOK)
}

// take reads a request to an upload route, which only who may send a file gets
// to send, and answers it: with the resource, or that a part is here.
func (a *API) take(c *web.Call, target catalog.UploadTarget, status int) error {
	if err := a.Files.Prepare(c.Context(), viewer(c), target); err != nil {
		return err
	}
	if err := a.Files.TooLong(c.R.ContentLength - formRoom); err != nil {
		return err
	}
	form := openForm(c)
	if form == nil {
		return refuseUpload(c, errMissingFile)
	}
	r := &receiver{files: a.Files, call: c, target: target, extensions: c.URL("/api/1/datasets/extensions/"), form: form}
	got, err := r.run(c.Context())
	switch {
	case err != nil && r.unnamed == nil && (r.of.Parts > 1 || err == error(errMissingFile)):
		return refuseUpload(c, err)
	case err != nil:
		return err
	case got.part:
		return sendPart(c, http.StatusOK, UploadAnswer{Success: true})
	}
	resource, err := a.finish(c, r, got)
	if err != nil {
		return refuseEnd(c, got, err)
	}
	return a.sendUploaded(c, status, resource)
}

func (a *API) finish(c *web.Call, r *receiver, got *received) (*catalog.Resource, error) {
	if !got.end {
		return a.Files.Publish(c.Context(), viewer(c), r.target, r.name, *got.spooled)
	}
	return a.Files.EndUpload(c.Context(), viewer(c), r.target, catalog.UploadEnd{
		Client: r.of.Client, Filename: r.name, Parts: r.of.Parts, SHA1: r.form.fields["sha1"], SHA256: r.form.fields["sha256"],
	})
}

// refuseEnd answers the refused end of an upload by parts in the form of parts.
func refuseEnd(c *web.Call, got *received, err error) error {
	if got.end {
		return refuseUpload(c, err)
	}
	return err
}

// refuseUpload answers with what is wrong with a part in the form that clients
// who send files look for.
func refuseUpload(c *web.Call, err error) error {
	e := fault.Of(err)
	if e.Code != fault.Invalid || len(e.Fields) > 0 {
		return err
	}
	text := e.SafeText()
	return sendPart(c, http.StatusBadRequest, UploadAnswer{Error: &text})
}

// sendPart answers a part: masks are for resources.
func sendPart(c *web.Call, status int, answer UploadAnswer) error {
	body, err := render(answer)
	if err != nil {
		return err
	}
	return c.Blob(status, "application/json", body)
}

func (a *API) sendUploaded(c *web.Call, status int, r *catalog.Resource) error {
	if r.Community {
		c.Versioned(r.Version)
		return send(c, status, UploadedCommunity{a.communityResource(viewer(c), r, now()), true})
	}
	if r.DatasetVersion > 0 {
		c.Versioned(r.DatasetVersion)
	}
	return send(c, status, Uploaded{a.resource(r, now()), true})
}

func (a *API) getUpload(c *web.Call, _ web.None) error {
	upload, err := a.Files.Uploading(c.Context(), viewer(c), c.Param("uuid"))
	if err != nil {
		return err
	}
	state := UploadState{
		CreatedAt: moment(upload.CreatedAt), Filename: upload.Filename, Received: make([]int64, 0, len(upload.Received)), Resource: upload.ResourceID,
		State: upload.State, TotalParts: upload.Parts, UUID: upload.ClientID,
	}
	for _, part := range upload.Received {
		state.Received = append(state.Received, part.Part)
	}
	return send(c, http.StatusOK, state)
}

func (a *API) linkFile(c *web.Call, _ web.None, body FileLinkWrite) error {
	if !db.IsUUID(body.Resource) {
		return fault.At("Name a resource by its identifier.", "resource")
	}
	address, until, err := a.Files.Link(c.Context(), viewer(c), body.Resource)
	if err != nil {
		return err
	}
	answer := FileLink{URL: c.Site.FileURL(address)}
	if !until.IsZero() {
		answer.ExpiresAt = moment(db.TimeOf(until))
	}
	return send(c, http.StatusOK, answer)
}

// redirectTo leads to the file of a resource that the viewer was found to read:
// by a link of ten minutes when not everybody may.
func (a *API) redirectTo(c *web.Call, r *catalog.Resource) error {
	address, until, err := a.Files.LinkOf(c.Context(), r)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		c.W.Header()["Cache-Control"] = []string{"private, no-store"}
	}
	return c.Redirect(http.StatusFound, c.Site.FileURL(address))
}

// extensions are those of files that may be sent, in order.
func (a *API) extensions() []string {
	all := slices.Concat(catalog.Extensions, a.Files.Extensions())
	slices.Sort(all)
	return slices.Compact(all)
}

// fileRefresh is for how long browsers and caches keep a public file without
// asking whether it still is one.
const fileRefresh = time.Hour
