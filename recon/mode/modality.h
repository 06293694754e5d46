/* SPDX-License-Identifier: BSD-3-Clause */
/* modality.h - what a command of the program is: its options and the work it does */
#ifndef MODE_MODALITY_H
#define MODE_MODALITY_H

#include "core/array.h"
#include "core/report.h"
#include "core/scale.h"
#include "core/watch.h"
#include "relumine.h"

/* A picture the job has read. */
typedef struct {
	const char *path;       /* for messages */
	array *data;            /* REAL, CPU, values as stored */
	array **owner;          /* where the job keeps it */
	double white;           /* the largest value an integer sample can hold; 0 for float */
	const image_scale *scale;       /* voxels, channels, points of time; NULL: nothing is known */
	bool stack;             /* pages, or an array of three axes; not what may be in colour */
} input;

/* One call of a command. */
typedef struct task {
	device *cpu;            /* where inputs live */
	device *dev;            /* where to compute; may be the same as cpu */
	const void *options;    /* the command's options record, resolved */
	const char *cache;      /* folder for things worth keeping, or NULL */
	int n_inputs;
	input *inputs;
	GHashTable *pictures;   /* option name -> input *, for FILE_IN options that were given */
	report *report;
	watch *watch;
	array *result;          /* made by the command; REAL; owned by the task */
	image_scale *scale;     /* of the result, for its files; owned; NULL: not known */
	/*
	 * What is white in the result where it has its input's scale; 0: it has a scale of its own.
	 * And whether a .png of it, if nobody says how, is to look as the input does.
	 */
	double white;
	bool like_input;
	array *view;            /* what a .png shows in the result's place; owned; NULL: the result */
	GString *text;          /* lines for people, on stdout; commands that write need none */
	void *facts;            /* json_t object: what sidecar and JSON result say beside the metrics */
	GHashTable *extras;     /* FILE_OUT option name -> array *, owned: see task_add_picture */
	GHashTable *extra_scales;       /* FILE_OUT option name -> image_scale *, owned */
	GHashTable *extra_views;        /* the same -> array *, 0 to 1, owned: what a .png of it shows */
} task;

/* The picture's numbers become the caller's: the job has them no more, nor their memory. */
static inline array *input_take(input *in)
{
	array *data = in->data;
	*in->owner = in->data = NULL;
	return data;
}

/* The picture given with --option, or NULL. */
static inline const input *task_picture(const task *t, const char *option)
{
	return g_hash_table_lookup(t->pictures, option);
}

/*
 * Note the step being done, for progress.  False: return false at once; there is no need to set an
 * error, and none when a solver ended because watch_tick() said so.
 */
static inline bool task_step(task *t, const char *step)
{
	return watch_step(t->watch, step);
}

/*
 * A picture beside the result, to be written where the FILE_OUT option says, if it was given.
 * option: static.  Takes `data`, which is on the CPU.
 */
static inline void task_add_picture(task *t, const char *option, array *data)
{
	if (!t->extras)
		t->extras = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
			(GDestroyNotify)array_free);
	g_hash_table_replace(t->extras, (gpointer)option, data);
}

/* What a .png of it shows as it is, 0 to 1, in place of a rendering.  Takes `shown`. */
static inline void task_show_picture(task *t, const char *option, array *shown)
{
	if (!t->extra_views)
		t->extra_views = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
			(GDestroyNotify)array_free);
	g_hash_table_replace(t->extra_views, (gpointer)option, shown);
}

/* The scale of such a picture.  option: static.  Takes `scale`. */
static inline void task_scale_picture(task *t, const char *option, image_scale *scale)
{
	if (!t->extra_scales)
		t->extra_scales = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
			(GDestroyNotify)image_scale_free);
	g_hash_table_replace(t->extra_scales, (gpointer)option, scale);
}

/*
 * A row of the table of commands.  `options_size` bytes are allocated for each job, zeroed, and
 * filled through the offsets in command.options:
 *   FLAG bool   INTEGER int64_t   NUMBER double   SIZE int64_t   CHOICE int (index)
 *   TEXT, FILE_IN, FILE_OUT char * (many: char **, NULL-ended)
 * A NUMBER or INTEGER with `choices` also takes those words: the first is NaN or INT64_MIN, the
 * second has no place in one (use two options).
 * A FILE_IN with `choices` also takes those words, with a range also numbers in it: then there is
 * no file to read (task_picture gives NULL), and the record holds the word or the number as text.
 * Options that are not set and have no default are NaN, INT64_MIN, -1 or NULL.
 */
typedef struct {
	relumine_command command;
	size_t options_size;
	bool reads_pictures;    /* the job reads the inputs and FILE_IN options beforehand; they are
				 * finite */
	bool takes_holes;       /* they may hold NaN and infinities: the command looks to them */
	bool spills;            /* pictures too large for --max-memory may be kept in files */
	bool on_cpu;            /* works on the CPU alone: --device auto starts no OpenCL */
	/* NULL, or whether the options fit together; asked before anything is read */
	bool (*check)(const void *options, GError **err);
	/* NULL, or what was not given is chosen, as the inputs ask for; once, before `run` */
	void (*settle)(const task *t, void *options);
	bool (*run)(task *t, GError **err);     /* NULL: `run`, which the job does itself */
} modality;

#define OPTION_AT(record, field) ((int)offsetof(record, field))

#endif
