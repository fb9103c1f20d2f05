import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Command, type SwapStand, startSwapStand, type Who } from './swap/stand.ts';

/** Somebody works in the restored database between its count and the typed name. */

let stand: SwapStand;

beforeAll(async () => {
  stand = await startSwapStand();
});
beforeEach(() => stand.reset());
afterAll(() => stand?.remove());

const changes: readonly (readonly [string, readonly string[], string])[] = [
  ['a row', ["UPDATE orders SET note = 'forged' WHERE ctid = '(0,1)'"], 'same count'],
  ['rows', ["DELETE FROM orders WHERE ctid < '(0,9)'"], 'rows'],
  ['a table', ['TRUNCATE orders'], 'its tables, functions or triggers'],
  [
    'code',
    [
      "CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      'CREATE TRIGGER spy BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION spy()',
    ],
    'its tables, functions or triggers',
  ],
];

describe.each<Who>(['superuser', 'owner'])('What was restored through the URL of the %s', (as) => {
  it.each(changes)('is looked at again when %s changed before it is swapped in', async (_what, sql, word) => {
    const one: Command = { as, logs: stand.newLogs() };
    // Killed when everything is counted and the name is typed, before the first door is closed.
    await stand.killBefore(/ALLOW_CONNECTIONS/, one);
    const incoming = await stand.nameOf(/__restore_/);
    await stand.cluster.sql(incoming, ...sql);
    const end = await stand.run({ ...one, action: ['resume'] });
    if (word === 'same count') {
      // Counts cannot tell it; that somebody wrote there is told, and no pass comes of it.
      expect(end.text).toContain(`counting ${incoming} again`);
      expect(end.text).toContain(
        `could not verify: somebody wrote in ${incoming} after it was counted (1 rows)`,
      );
      expect(end.status).toBe(7);
      return;
    }
    expect(end.text).toContain(`is not as it was counted: ${word}`);
    expect((await stand.databases()).shop, end.text).toBe('old');
    const again = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), again.text).toEqual({ shop: 'restored', shop__before_: 'old' });
  });
});

it('a restore that nobody writes in is counted once, and nothing of it is told to be written later', async () => {
  const end = await stand.run({ as: 'superuser', logs: stand.newLogs() });
  expect(end.text).not.toContain('again: the server says that rows changed');
  expect(end.text).not.toContain('after it was counted');
});
