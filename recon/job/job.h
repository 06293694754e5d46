/* SPDX-License-Identifier: BSD-3-Clause */
/* job.h - one job: a command, its inputs, outputs and resolved options */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <jansson.h>
#include "io/image.h"
#include "job/options.h"
#include "mode/modality.h"
#include "stage/render.h"

/* A picture in memory, on a device of its own. */
struct relumine_image {
	device *dev;
	array *data;
	double white;           /* the largest value an integer sample can hold; 0 for float */
	image_scale *scale;     /* owned; NULL: not known */
};

/* What every command takes. */
typedef struct {
	char *device;
	int64_t threads;
	int64_t max_memory;
} common_options;

/* What every command that writes takes. */
typedef struct {
	char **output;          /* NULL-ended, or NULL */
	bool overwrite;
	char *trace;
	render_settings render;
} output_options;

/* A picture that goes in. */
typedef struct {
	char *option;           /* the FILE_IN option it was given with, or NULL: an input */
	char *path;             /* for messages and the sidecar */
	relumine_image *memory; /* a picture that is no file; owned */
	array *copy;            /* of it, on the job's device; owned */
	char *sha256;           /* of the file's bytes, or of the values in memory */
	int64_t bytes;
	image *file;            /* what was read; owned */
	input picture;          /* what the command sees, and may take; borrows */
	shape shape;            /* of it; zeros: not read */
} source;

enum target_kind { TARGET_PICTURE, TARGET_TRACE, TARGET_SIDECAR };

/* A file that comes out. */
typedef struct {
	enum target_kind kind;
	const char *option;     /* the FILE_OUT option of an extra picture; NULL: the result */
	char *path;
	char *staged;           /* where it is written before it gets its name */
	char *file;             /* what `path` points to when it is a symbolic link, else NULL */
	unsigned mode;          /* permissions of the file that was there */
	char *key;              /* its name in the real folder */
	char *sha256;           /* a picture's, once staged */
	int64_t bytes;
	bool placed;            /* it has its name */
	bool was_there;         /* before the job */
} target;

struct relumine_job {
	const modality *mode;
	void *own;                      /* the command's options record */
	common_options common;
	output_options out;
	GPtrArray *given;               /* name, text, name, text...: options that were set */
	GPtrArray *sources;             /* source *: inputs, then the pictures of options */
	GPtrArray *targets;             /* target * */
	char *cache, *words;
	char *guarded;                  /* one more file that no output may replace, or NULL */
	relumine_watch *watch;
	void *watch_data;
	int stop;                       /* atomic */
	int *stopped_by;                /* the flag that counts: our own, or that of an outer job */
	device *cpu, *dev;              /* dev may be cpu */
	watch ticker;                   /* what solvers see */
	const char *step;
	GString *trace;                 /* CSV */
	gint64 started, step_started;   /* microseconds, monotonic */
	double seconds;
	report *report;
	task task;
	char *text, *json, *warnings;
};

extern const relumine_option common_table[], output_table[];

/* What relumine_job_new makes of a command's name. */
relumine_job *job_new(const modality *mode);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(relumine_job, relumine_job_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(relumine_image, relumine_image_free)

/* sources.c: what goes in */
source *source_new(const char *option, const char *path);
void source_free(source *s);
bool sources_check(relumine_job *job, GError **err);    /* files there and readable */
bool sources_read(relumine_job *job, GError **err);     /* pictures into memory */

/* SHA-256 of a whole file, in hexadecimal, and its length.  Free with g_free. */
char *file_sha256(const char *path, int64_t *bytes, GError **err);
/* The file of a picture's name, which may be that of an array in it.  Free with g_free. */
char *picture_file(const char *path);
/* The largest value an integer sample can hold; 0 for floats. */
double image_white(const image *im);

/* image.c: copies of an array on the CPU and of its scale (may be NULL) as a picture of its own */
relumine_image *image_from(const array *a, double white, const image_scale *scale, GError **err);

/* targets.c: what comes out */
/* The folder of the first file, or NULL; the caller's. */
char *targets_folder(const relumine_job *job);

void target_free(target *t);
/* What tells writers what to write: ".tif", but ".ome.tif" of "a.ome.tif"; "": there is none. */
const char *picture_extension(const char *path);
bool targets_check(relumine_job *job, GError **err);    /* before anything is computed */
array *target_array(const relumine_job *job, const target *t);  /* NULL: was not made */
bool targets_write(relumine_job *job, GError **err);    /* pictures, sidecars, trace: all or none */

/* sidecar.c */
char *sidecar_text(const relumine_job *job);    /* needs the pictures staged */
void result_texts(relumine_job *job);           /* what the command prints */

/* progress.c */
void progress_start(relumine_job *job);
bool job_stopped(const relumine_job *job, GError **err);        /* RELUMINE_STOPPED if so */

/* again.c: what `run` does */
bool again_run(relumine_job *job, GError **err);

#endif
