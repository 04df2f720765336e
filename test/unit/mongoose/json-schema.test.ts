import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { jsonSchemaOf } from '../../../src/mongoose/json-schema.ts';
import type { MongooseSchema } from '../../../src/mongoose/types.ts';

type Mongoose = typeof import('mongoose');

describe.each(['mongoose7', 'mongoose8', 'mongoose'])('the validator of a schema of %s', (name) => {
  const mongoose = createRequire(import.meta.url)(name) as Mongoose;
  const of = (definition: object) =>
    jsonSchemaOf(
      new mongoose.Schema(definition as Record<string, never>) as unknown as MongooseSchema,
    );

  it('says types, ranges, lists and subdocuments as the server says them', () => {
    const inner = new mongoose.Schema({ n: { type: Number, required: true } }, { _id: false });
    const schema = of({
      name: {
        type: String,
        required: [true, 'who?'],
        minlength: 2,
        maxlength: [9, 'long'],
        match: /^a/,
      },
      role: { type: String, enum: { values: ['a', 'b'], message: 'no' }, required: true },
      size: { type: String, enum: ['s', 'm'] },
      age: { type: Number, min: 0, max: [9, 'old'] },
      at: Date,
      owner: mongoose.Schema.Types.ObjectId,
      price: mongoose.Schema.Types.Decimal128,
      any: mongoose.Schema.Types.Mixed,
      tags: [{ type: String, enum: ['x'] }],
      list: [inner],
      one: inner,
      map: { type: Map, of: Number },
      deep: { er: { est: { type: Boolean, required: true } } },
      sometimes: { type: String, required: () => true },
      loose: { type: String, match: /a/i },
    });
    expect(schema).toEqual({
      bsonType: 'object',
      required: ['name', 'role', 'deep'],
      properties: {
        name: { bsonType: 'string', minLength: 2, maxLength: 9, pattern: '^a' },
        role: { bsonType: 'string', enum: ['a', 'b'] },
        size: { bsonType: ['string', 'null'], enum: ['s', 'm', null] },
        age: { bsonType: ['number', 'null'], minimum: 0, maximum: 9 },
        at: { bsonType: ['date', 'null'] },
        owner: { bsonType: ['objectId', 'null'] },
        price: { bsonType: ['decimal', 'null'] },
        any: {},
        tags: {
          bsonType: ['array', 'null'],
          items: { bsonType: ['string', 'null'], enum: ['x', null] },
        },
        list: {
          bsonType: ['array', 'null'],
          items: { bsonType: 'object', required: ['n'], properties: { n: { bsonType: 'number' } } },
        },
        one: {
          bsonType: ['object', 'null'],
          required: ['n'],
          properties: { n: { bsonType: 'number' } },
        },
        map: {
          bsonType: ['object', 'null'],
          additionalProperties: { bsonType: ['number', 'null'] },
        },
        deep: {
          bsonType: 'object',
          required: ['er'],
          properties: {
            er: {
              bsonType: 'object',
              required: ['est'],
              properties: { est: { bsonType: 'bool' } },
            },
          },
        },
        sometimes: { bsonType: ['string', 'null'] },
        loose: { bsonType: ['string', 'null'] },
      },
    });
  });

  it('ends where a schema contains itself', () => {
    const node = new mongoose.Schema({ name: String });
    node.add({ children: [node] });
    expect(JSON.stringify(jsonSchemaOf(node as unknown as MongooseSchema)).length).toBeLessThan(
      2000,
    );
  });
});
