import { describe, expect, it } from 'vitest';
import { cyclesIn, reachableFrom } from './import-graph.ts';

const edges = (...pairs: readonly string[]) =>
  pairs.map((pair) => {
    const [from = '', target = ''] = pair.split('>');
    return { from, target, isFile: true };
  });

describe('the rules about imports', () => {
  it('find a circle, however long, and none where there is none', () => {
    expect(cyclesIn(edges('a>b', 'b>c', 'c>a', 'x>a'))).toEqual([['a', 'b', 'c', 'a']]);
    expect(cyclesIn(edges('a>a'))).toEqual([['a', 'a']]);
    expect(cyclesIn(edges('a>b', 'a>c', 'b>d', 'c>d'))).toEqual([]);
  });

  it('find what no entrance leads to', () => {
    expect([...reachableFrom(['main'], edges('main>a', 'a>b', 'dead>b', 'b>main'))].sort()).toEqual([
      'a',
      'b',
      'main',
    ]);
  });
});
