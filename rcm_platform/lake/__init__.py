"""The append-only store of raw tables: plain Parquet files, a few for each table and month.

    <root>/<source>/<table>/<YYYY-MM>/<batch_id>[-n].parquet    rows that arrived in a month
    <root>/<source>/<table>/<YYYY-MM>/merged-<hash>.parquet     files of a month, merged into one
    <root>/<source>/<table>/undated/...                         rows of reference data, likewise
    <root>/<source>/<table>/declared/schema.parquet             the columns, without a row
    <root>/_staging/<change_id>/<n>    the files of a change that is being made
    <root>/_batches/<batch_id>.json    the commit record of a batch, with the place of each file:
                                       from then on the batch exists; moving its files can be redone
    <root>/_kept/<sha256>              copies of files of which a part waits in quarantine
    <root>/_readers.lock               shared by who reads, held alone while files change places

    layout        what a file is, by its folder and name
    changes       several files change places at once, for whoever reads
    store         the lake: declare, read, recover
    batch         rows that become visible together
    looking       whether a load would bring anything
    merging       a month's files made one
    old_layout    a lake that has a folder for each day becomes one with a folder for each month

One writer at a time: whoever writes holds an outer lock.
"""

from rcm_platform.lake.batch import Batch
from rcm_platform.lake.layout import UNDATED, LakeError
from rcm_platform.lake.store import Lake

__all__ = ["UNDATED", "Batch", "Lake", "LakeError"]
