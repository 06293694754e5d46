/* SPDX-License-Identifier: BSD-3-Clause */
/* relumine.h - the library: jobs that turn what a sensor recorded into pictures */
#ifndef RELUMINE_H
#define RELUMINE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

typedef struct _GError GError;  /* GLib's; free with g_error_free */

/* What became of a job: the code of a RELUMINE_ERROR and the command's exit status. */
enum relumine_status {
	RELUMINE_DONE = 0,
	RELUMINE_OVER_THRESHOLD = 1,    /* of a comparison; or some jobs of many failed */
	RELUMINE_BAD_USAGE = 2,
	RELUMINE_BAD_INPUT = 3,         /* an input cannot be read or is invalid */
	RELUMINE_MISMATCH = 4,          /* inputs do not fit together */
	RELUMINE_BAD_OUTPUT = 5,        /* an output cannot be written */
	RELUMINE_OVER_LIMIT = 6,        /* a memory or size limit would be passed */
	RELUMINE_DEVICE_LOST = 7,       /* the forced device is missing or lost */
	RELUMINE_BAD_NUMBERS = 8,       /* NaN, divergence */
	RELUMINE_STOPPED = 9            /* interrupted */
};

unsigned relumine_error_quark(void);

/* The status an error stands for; RELUMINE_DONE for NULL. */
int relumine_exit_status(const GError *err);

const char *relumine_version(void);

/* --- commands and their options ------------------------------------------------------------- */

enum relumine_option_type {
	RELUMINE_FLAG,          /* takes no value */
	RELUMINE_INTEGER,
	RELUMINE_NUMBER,
	RELUMINE_SIZE,          /* bytes: 300M, 1.5G */
	RELUMINE_CHOICE,        /* one of `choices` */
	RELUMINE_TEXT,
	RELUMINE_FILE_IN,
	RELUMINE_FILE_OUT
};

typedef struct {
	const char *name;               /* without the dashes */
	char letter;                    /* '\0': no short form */
	enum relumine_option_type type;
	const char *value;              /* the default as one would type it; NULL: not set */
	/* INTEGER, NUMBER, SIZE: the range; equal: any.  FILE_IN: not equal: a number will do too. */
	double least, most;
	const char *choices;            /* CHOICE: "one|two|three"; else NULL, or words for numbers */
	const char *unit;               /* or what the value is called in help: "N", "FILE", "pixels" */
	const char *help;               /* one line */
	bool many;                      /* may be given again: TEXT, FILE_OUT */
	int offset;                     /* the library's own */
} relumine_option;

typedef struct {
	const char *name;               /* "lensless", "psf info" */
	const char *summary;            /* one line */
	const char *inputs;             /* how inputs are written in usage: "CAPTURE" */
	int inputs_least, inputs_most;  /* how many inputs it takes */
	bool writes;                    /* takes -o */
	const relumine_option *options; /* its own; ended by a NULL name */
	const char *examples;           /* lines of shell */
	const char *description;        /* paragraphs for the manual */
} relumine_command;

/* All commands, in the order of help, ended by NULL.  Not to be freed. */
const relumine_command *const *relumine_commands(void);

/*
 * The options that every command takes; those of commands that write; and how they make pictures
 * for the eye (.png).  Ended by a NULL name.
 */
const relumine_option *relumine_common_options(void);
const relumine_option *relumine_output_options(void);
const relumine_option *relumine_render_options(void);

/* --- one job -------------------------------------------------------------------------------- */

typedef struct relumine_job relumine_job;

typedef struct {
	int64_t iteration, iterations;  /* done, and at most to do; 0 where it is not counted */
	int64_t channel, channels;      /* being worked on, from 0; 0 channels: all at once */
	double objective;               /* NaN where there is none */
	double elapsed, remaining;      /* seconds; remaining < 0: unknown */
	const char *step;               /* "read", "reconstruct", ... */
} relumine_progress;

/* Called from the thread that runs the job; return false to stop it (RELUMINE_STOPPED). */
typedef bool relumine_watch(const relumine_progress *progress, void *data);

/* command: a name from relumine_commands().  Free with relumine_job_free. */
relumine_job *relumine_job_new(const char *command, GError **err);
void relumine_job_free(relumine_job *job);

/*
 * Set an option from its text; value NULL for a FLAG.  Copies.  Given again, an option that takes
 * many values gets one more, any other is replaced.  Errors: RELUMINE_BAD_USAGE.
 */
bool relumine_job_set(relumine_job *job, const char *option, const char *value, GError **err);

/* Add an input file. Copies. */
bool relumine_job_add_input(relumine_job *job, const char *path, GError **err);

/* Folder for compiled OpenCL programs and the like; without it nothing is kept. */
void relumine_job_set_cache(relumine_job *job, const char *folder);

/* The words to be noted as the command line in the sidecar. */
void relumine_job_set_words(relumine_job *job, const char *words);

void relumine_job_set_watch(relumine_job *job, relumine_watch *watch, void *data);

/*
 * Do it, once.  On failure no output file is touched.  A comparison over its threshold fails with
 * RELUMINE_OVER_THRESHOLD and still leaves its text.
 */
bool relumine_job_run(relumine_job *job, GError **err);

/* Ask a running job to stop soon; may be called from a signal handler. */
void relumine_job_stop(relumine_job *job);

/* After the run, until the job is freed: what to print (text for people, or one JSON object). */
const char *relumine_job_text(const relumine_job *job);
const char *relumine_job_json(const relumine_job *job);

/* Warnings, one a line, "" if none. */
const char *relumine_job_warnings(const relumine_job *job);

/* --- pictures in memory --------------------------------------------------------------------- */

typedef struct relumine_image relumine_image;

/* values: packed floats, (z, y, x, channel) order, copied.  NULL and *err: no memory. */
relumine_image *relumine_image_new(int64_t z, int64_t y, int64_t x, int64_t channels,
	const float *values, GError **err);
relumine_image *relumine_image_read(const char *path, GError **err);
/* By extension: .tif .npy .png, captures .npz .hdf5.  Never replaces a file unless `overwrite`. */
bool relumine_image_write(const relumine_image *image, const char *path, bool overwrite,
	GError **err);
void relumine_image_free(relumine_image *image);

/* size[4]: z, y, x, channels */
void relumine_image_size(const relumine_image *image, int64_t size[4]);
/* Copies all values, packed as in relumine_image_new. */
void relumine_image_values(const relumine_image *image, float *values);

/* Use a picture as the next input (option NULL) or as the value of a FILE_IN option.  Copies. */
bool relumine_job_set_image(relumine_job *job, const char *option, const relumine_image *image,
	GError **err);
/* The picture a job made, no file needed; NULL before a run.  Free with relumine_image_free. */
relumine_image *relumine_job_result(const relumine_job *job);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
