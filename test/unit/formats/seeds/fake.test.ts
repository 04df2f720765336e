import { expect, it } from 'vitest';
import { GodwitError } from '../../../../src/errors.ts';
import { fakeTools } from '../../../../src/formats/seeds/fake.ts';

const root = process.cwd();

it('makes the same of the same seed, and something else of another', () => {
  const draw = (seed: number) => {
    const { faker, random, integer, pick } = fakeTools(root, { seed });
    return [
      faker.person.fullName(),
      faker.date.recent(),
      random(),
      integer(1, 6),
      pick('abc'.split('')),
    ];
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

it('draws from one end to the other', () => {
  const { integer } = fakeTools(root);
  const drawn = new Set(Array.from({ length: 500 }, () => integer(1, 6)));
  expect([...drawn].sort()).toEqual([1, 2, 3, 4, 5, 6]);
});

it('speaks other languages, and says which it does not', () => {
  expect(fakeTools(root, { locale: 'de' }).faker.location.city()).toEqual(expect.any(String));
  expect(() => fakeTools(root, { locale: 'tlh' }).faker).toThrow(GodwitError);
});
