#include "workload/mixed_workload.h"

#include <stdlib.h>

/* Numbers that make independent streams out of one seed. */
enum { SALT_CHOICES = 1, SALT_SIZED_MAP, SALT_PERMUTATION, SALT_PLACES = 16 };

static uint64_t salted(const MixedWorkload *workload, uint64_t salt)
{
    return random_mix(random_mix(workload->seed + workload->zones_entered) +
                      salt);
}

/* ---- where I/Os may go --------------------------------------------------- */

static uint64_t places_of(const DirectionShape *shape, uint64_t extent)
{
    return extent < shape->smallest_bytes
               ? 1
               : (extent - shape->smallest_bytes) / shape->align_bytes + 1;
}

/* I/Os go to this extent from now on; the maps start anew. */
static void enter_extent(MixedWorkload *workload, uint64_t start,
                         uint64_t extent)
{
    const WorkloadShape *shape = &workload->shape;

    workload->zone_start = start;
    workload->extent = extent;
    workload->run_left = 0;
    for (uint32_t i = 0; i < SHAPE_DIRECTIONS; i++) {
        MixedDirection *direction = &workload->directions[i];

        direction->places = places_of(direction->shape, extent);
        direction->end = direction->last = 0;
        distribution_init(&direction->distribution, direction->shape,
                          direction->places, salted(workload, SALT_PLACES + i));
    }
    permutation_init(&workload->permutation, shape->use_lfsr,
                     workload->directions[0].places,
                     salted(workload, SALT_PERMUTATION));
    if (shape->map_unit_bytes > 0) {
        random_map_sized_begin(&workload->sized_map, shape->use_lfsr,
                               extent / shape->map_unit_bytes,
                               salted(workload, SALT_SIZED_MAP));
    }
}

static uint32_t smallest_of(const WorkloadShape *shape)
{
    uint32_t smallest = shape->directions[0].smallest_bytes;

    for (uint32_t i = 1; i < SHAPE_DIRECTIONS; i++) {
        uint32_t bytes = shape->directions[i].smallest_bytes;

        smallest = bytes < smallest ? bytes : smallest;
    }
    return smallest;
}

/* The last zone is shorter if the region ends in it. */
static void enter_zone(MixedWorkload *workload, uint64_t start)
{
    const WorkloadShape *shape = &workload->shape;
    uint64_t extent = shape->zone_range;

    workload->zone_done = 0;
    workload->zone_limit = shape->zone_bytes;
    if (start >= shape->region_bytes ||
        shape->region_bytes - start < smallest_of(shape)) {
        start = 0;
    }
    if (extent > shape->region_bytes - start) {
        extent = shape->region_bytes - start;
        if (workload->zone_limit > extent) {
            workload->zone_limit = extent;
        }
    }
    workload->zones_entered++;
    enter_extent(workload, start, extent);
}

/* ---- life ---------------------------------------------------------------- */

static uint64_t map_units(const WorkloadShape *shape)
{
    return shape->map_unit_bytes > 0
               ? shape->region_bytes / shape->map_unit_bytes
               : 0;
}

size_t mixed_workload_map_bytes(const WorkloadShape *shape)
{
    return shape->map_unit_bytes > 0 ? random_map_sized_bytes(map_units(shape))
                                     : 0;
}

MixedWorkload *mixed_workload_new(const WorkloadShape *shape, uint64_t seed)
{
    MixedWorkload *workload = calloc(1, sizeof(*workload));

    if (!workload) {
        return NULL;
    }
    workload->shape = *shape;
    workload->seed = seed;
    for (uint32_t i = 0; i < SHAPE_DIRECTIONS; i++) {
        workload->directions[i].shape = &workload->shape.directions[i];
    }
    random_stream_init(&workload->choices, salted(workload, SALT_CHOICES));
    if (shape->map_unit_bytes > 0 &&
        random_map_sized_init(&workload->sized_map, map_units(shape)) < 0) {
        free(workload);
        return NULL;
    }
    if (shape->zone_bytes > 0) {
        enter_zone(workload, 0);
    } else {
        enter_extent(workload, 0, shape->region_bytes);
    }
    return workload;
}

void mixed_workload_free(MixedWorkload *workload)
{
    if (workload) {
        random_map_sized_cleanup(&workload->sized_map);
        free(workload);
    }
}

/* ---- the next I/O -------------------------------------------------------- */

static uint32_t choose_bytes(MixedWorkload *workload,
                             const DirectionShape *shape)
{
    const SizeShare *size = shape->sizes;
    const SizeShare *last = &shape->sizes[shape->size_count - 1];

    if (size < last) {
        double share = random_unit(&workload->choices);

        while (size < last && share >= size->until) {
            size++;
        }
    }
    if (size->step == 0) {
        return size->low;
    }
    return size->low +
           size->step *
               (uint32_t)random_below(&workload->choices,
                                      (size->high - size->low) / size->step +
                                          1);
}

/*
 * The offset @stride bytes after the last I/O of this direction.  A negative
 * stride goes backwards, and from the beginning on to the end.
 */
static uint64_t sequential_offset(const MixedDirection *direction,
                                  int64_t stride, uint64_t extent)
{
    uint64_t back = stride < 0 ? -(uint64_t)stride : 0;

    if (direction->end == 0 || stride == 0) {
        return direction->end;
    }
    if (back > direction->end) {
        return back < extent ? extent - back : 0;
    }
    return direction->end + (uint64_t)stride;
}

/* The length of @io, cut to a multiple of the unit if it does not fit. */
static uint32_t cut(const MixedWorkload *workload, const DirectionShape *shape,
                    MixedIo io)
{
    uint64_t rest = workload->extent - io.offset;

    return io.bytes <= rest ? io.bytes
                            : (uint32_t)(rest - rest % shape->unit_bytes);
}

/* Set @io after the last one.  False if the smallest I/O does not fit there. */
static bool next_in_sequence(const MixedWorkload *workload,
                             const MixedDirection *direction, int64_t stride,
                             MixedIo *io)
{
    uint64_t rest;

    io->offset = sequential_offset(direction, stride, workload->extent);
    rest = io->offset < workload->extent ? workload->extent - io->offset : 0;
    if (rest < direction->shape->smallest_bytes) {
        return false;
    }
    io->bytes = cut(workload, direction->shape, *io);
    return true;
}

static void visit_at_random(MixedWorkload *workload, MixedIo *io)
{
    uint32_t unit = workload->shape.map_unit_bytes;
    uint64_t count;
    uint64_t first =
        random_map_sized_next(&workload->sized_map, io->bytes / unit, &count);

    io->offset = first * unit;
    io->bytes = (uint32_t)(count * unit);
}

static void choose_at_random(MixedWorkload *workload, MixedDirection *direction,
                             MixedIo *io)
{
    const WorkloadShape *shape = &workload->shape;
    uint64_t align = direction->shape->align_bytes, place;

    if (shape->use_map && shape->map_unit_bytes > 0) {
        visit_at_random(workload, io);
        return;
    }
    if (shape->use_map) {
        place = permutation_next(&workload->permutation);
    } else {
        place = distribution_next(&direction->distribution);
    }
    io->offset = 0;
    /* no longer than a zone that is cut short */
    io->bytes = cut(workload, direction->shape, *io);
    io->offset = place * align;
    if (io->offset + io->bytes > workload->extent) {
        io->offset = (workload->extent - io->bytes) / align * align;
    }
}

/* Set @io to the next of a run that began at a random offset.  False: none. */
static bool continue_run(MixedWorkload *workload,
                         const MixedDirection *direction, MixedIo *io)
{
    if (workload->run_left == 0) {
        return false;
    }
    workload->run_left--;
    if (workload->shape.run_identical) {
        io->offset = direction->last;
        io->bytes = cut(workload, direction->shape, *io);
        return true;
    }
    return next_in_sequence(workload, direction, 0, io);
}

static bool is_random(MixedWorkload *workload, const DirectionShape *shape)
{
    return shape->random_share >= 1 ||
           (shape->random_share > 0 &&
            random_unit(&workload->choices) < shape->random_share);
}

static void enter_next_zone(MixedWorkload *workload)
{
    enter_zone(workload, workload->zone_start + workload->shape.zone_range +
                             workload->shape.zone_skip);
}

/* The last zone may be too short for this direction only: then skip it. */
static void choose_zone(MixedWorkload *workload, const DirectionShape *shape)
{
    if (workload->zone_done >= workload->zone_limit) {
        enter_next_zone(workload);
    }
    if (workload->extent < shape->smallest_bytes) {
        enter_next_zone(workload);
    }
}

MixedIo mixed_workload_next(MixedWorkload *workload, uint32_t index)
{
    MixedDirection *direction = &workload->directions[index];
    const WorkloadShape *shape = &workload->shape;
    MixedIo io;

    if (shape->zone_bytes > 0) {
        choose_zone(workload, direction->shape);
    }
    io.bytes = choose_bytes(workload, direction->shape);
    if (continue_run(workload, direction, &io)) {
        /* that has set it */
    } else if (is_random(workload, direction->shape)) {
        choose_at_random(workload, direction, &io);
        workload->run_left = shape->run_length > 0 ? shape->run_length - 1 : 0;
    } else if (!next_in_sequence(workload, direction, shape->stride_bytes,
                                 &io)) {
        io.offset = 0;
        io.bytes = cut(workload, direction->shape, io);
    }
    direction->last = io.offset;
    direction->end = io.offset + io.bytes;
    workload->zone_done += io.bytes;
    io.offset += workload->zone_start;
    return io;
}
