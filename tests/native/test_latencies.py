"""Every latency in the core's table is recorded, reported, and in documents."""

import shutil
import subprocess
from pathlib import Path

import laiobench
from laiobench import Job, native
from laiobench.native.build import CORE, core_files
from laiobench.report.text.merging import as_one_direction
from laiobench.results import notebook
from laiobench.results.run_result import DirectionResult, LogWindow

OF_EVERY_IO = {name for name, latency in native.LATENCIES.items() if latency.is_of_every_io}

PROGRAM = """
#include <stdio.h>
#include "contract/api.h"

static uint32_t indexes[HISTOGRAM_COUNTS];
static uint64_t counts[HISTOGRAM_COUNTS];

int main(void)
{
    JobPlan job = {.fd = -1, .step_bytes = 512, .block_bytes = 512, .region_blocks = 8,
                   .read_percent = 100, .memory_align = 512, .iodepth = 1, .ios = 7};
    WorkerPlan worker = {.name = "w", .engine = "null", .completion = "poll", .max_batch = 1};
    RunPlan plan = {.workers = &worker, .worker_count = 1, .jobs = &job, .job_count = 1};
    Error error;
    Run *run = run_new(&plan, &error);

    run_start(run);
    while (!run_wait(run, 1000)) {
    }
    for (uint32_t i = 0; latency_type(i); i++) {
        LatencyReport report;

        run_latency_report(run, 0, 0, i, &report, indexes, counts);
        printf("%s %u\\n", latency_type(i)->name, report.bins ? (unsigned)counts[0] : 0);
    }
    run_free(run);
    return 0;
}
"""


def document_of(**options: object) -> laiobench.RunResult:
    return laiobench.run(Job(engine="null", number_ios=200, runtime=5, **options))


def test_a_row_in_the_core_is_all_that_a_new_latency_needs_there(tmp_path: Path) -> None:
    core = tmp_path / "core"
    shutil.copytree(CORE, core)
    rows = core / "record" / "latency.h"
    mark = "#define LATENCIES_OF_EVERY_IO(row) \\\n"
    assert mark in rows.read_text()
    rows.write_text(
        rows.read_text().replace(
            mark, mark + "    row(LATENCY_TOY, toy, at.submitted * 0 + 5), \\\n"
        )
    )
    (core / "program.c").write_text(PROGRAM)
    sources = [core / path.relative_to(CORE) for path in core_files(".c")]
    subprocess.run(
        ["gcc", "-std=gnu11", "-O0", "-Wall", "-Wextra", "-Werror",
         "-Wno-missing-field-initializers", '-DCORE_SOURCE_HASH=""',
         f"-I{core}", "-o", tmp_path / "program", core / "program.c", *sources,
         "-lpthread", "-lm", "-ldl"],
        check=True,
    )  # fmt: skip
    told = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True)
    found = dict(line.split() for line in told.stdout.splitlines())
    assert list(found) == ["toy", *native.LATENCIES]
    assert found["toy"] == "7"


def test_documents_have_each_latency_that_the_core_records() -> None:
    read = document_of(rw="randread", rate_iops=100_000).jobs[0].read
    assert list(read.latencies()) == list(native.LATENCIES)
    assert all(latency.count == read.ios for latency in read.latencies().values())
    unpaced = document_of(rw="randread").jobs[0].read
    assert set(unpaced.latencies()) == OF_EVERY_IO


def test_windows_of_logs_have_each_latency_of_every_io() -> None:
    fields = {name.removesuffix("_ns") for name in LogWindow.model_fields}
    assert fields >= OF_EVERY_IO
    only_of_directions = set(DirectionResult.model_fields) - set(LogWindow.model_fields)
    assert only_of_directions.isdisjoint(f"{name}_ns" for name in OF_EVERY_IO)


def test_what_shows_latencies_shows_each() -> None:
    result = document_of(rw="randread", rate_iops=100_000, numjobs=2)
    (row, _) = notebook.run_rows(result)
    assert {key.removesuffix("_mean_ns") for key in row if key.endswith("_mean_ns")} == set(
        native.LATENCIES
    )
    merged = as_one_direction(result.jobs)
    assert merged is not None
    assert {name: latency.count for name, latency in merged.latencies().items()} == dict.fromkeys(
        native.LATENCIES, 400
    )
