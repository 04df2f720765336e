"""Restores a folder in mongodump's layout as mongorestore does it, knowing nothing of godwit.

restore-dump.py URL DATABASE FOLDER
"""

import gzip
import os
import sys

import bson
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.son import SON
from pymongo import MongoClient

CANONICAL = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, document_class=SON)
RAW = CodecOptions(document_class=RawBSONDocument)
METADATA = ".metadata.json.gz"


def unpacked(path):
    with gzip.open(path) as file:
        return file.read()


def restore(db, folder):
    files = [name for name in os.listdir(folder) if name.endswith(METADATA)]
    found = []
    for file in files:
        text = unpacked(os.path.join(folder, file)).decode()
        found.append((file[: -len(METADATA)], json_util.loads(text, json_options=CANONICAL)))
    # What a view looks at may be a view.
    for file, metadata in sorted(found, key=lambda one: one[1].get("type") == "view"):
        name = metadata["collectionName"]
        db.command(SON([("create", name), *metadata.get("options", {}).items()]))
        timeseries = metadata.get("type") == "timeseries"
        data = os.path.join(folder, ("system.buckets." if timeseries else "") + file + ".bson.gz")
        if os.path.exists(data):
            documents = bson.decode_all(unpacked(data), RAW)
            target = db.get_collection(
                ("system.buckets." if timeseries else "") + name, codec_options=RAW
            )
            if documents:
                target.insert_many(documents, bypass_document_validation=True)
            print(name, len(documents))
        indexes = [one for one in metadata.get("indexes", []) if one["name"] != "_id_"]
        indexes = [one for one in indexes if not one.get("clustered")]
        for one in indexes:
            # As mongorestore does: else the collection's own would be taken.
            one.setdefault("collation", {"locale": "simple"})
        if indexes:
            db.command(SON([("createIndexes", name), ("indexes", indexes)]))


restore(MongoClient(sys.argv[1])[sys.argv[2]], sys.argv[3])
