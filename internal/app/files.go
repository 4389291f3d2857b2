package app

import (
	"context"
	"fmt"
	"path/filepath"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/catalog"
	"grenier/internal/job"
)

// filesFolder is the folder of hosted files below the data folder.
const filesFolder = "files"

// assembleFiles builds what keeps hosted files.
func (a *App) assembleFiles(ctx context.Context) error {
	store, err := blob.Open(a.Settings.Blob, filepath.Join(a.Settings.Data, filesFolder), int64(a.Settings.MinFreeSpace))
	if err != nil {
		return fmt.Errorf("hosted files cannot be kept: %w", err)
	}
	secret, err := account.Secret(ctx, a.DB, "files")
	if err != nil {
		return fmt.Errorf("the secret of the links to files cannot be read: %w", err)
	}
	a.Files = catalog.NewFiles(a.Catalog, blob.NewShelf(a.DB, store), catalog.FileRules{
		Extensions: a.Settings.UploadExtensions, MaxUpload: int64(a.Settings.MaxUpload), UploadRetention: a.Settings.UploadRetention,
		BinRetention: a.Settings.BinRetention, Secret: secret,
	})
	return nil
}

// tryFiles refuses to serve with a store that cannot be used, rather than to fail
// with the first file that somebody sends.
func (a *App) tryFiles(ctx context.Context) error {
	if err := blob.Try(ctx, a.Files.Shelf().Store()); err != nil {
		return fmt.Errorf("hosted files cannot be kept: %w; set --blob right, or leave it out to keep them in the data folder", err)
	}
	return nil
}

// registerFileJobs registers the work on hosted files.
func (a *App) registerFileJobs(runner *job.Runner) {
	runner.Register(job.Kind{Name: "files.sweep", Work: a.sweepFiles, Schedule: "@daily", Limit: 1})
	runner.Register(job.Kind{Name: "uploads.purge", Work: a.purgeUploads, Schedule: "@hourly", Limit: 1})
}

// sweepFiles removes the files that nothing refers to, once they were kept for
// their time.
func (a *App) sweepFiles(ctx context.Context, run *job.Run) error {
	swept, err := a.Files.Sweep(ctx)
	run.Progress(100, fmt.Sprintf("%d files left, %d removed, the bytes of %d", swept.Ended, swept.Files, swept.Blobs))
	return err
}

// purgeUploads removes the uploads that nobody goes on with.
func (a *App) purgeUploads(ctx context.Context, run *job.Run) error {
	removed, err := a.Files.SweepUploads(ctx)
	run.Progress(100, fmt.Sprintf("%d uploads removed", removed))
	return err
}
