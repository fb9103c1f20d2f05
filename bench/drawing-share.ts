type Node = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
};

type Profile = {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

const drawing = /\/dist\/ui\/|\/node_modules\/(ink|react|react-reconciler|scheduler|yoga-layout|chalk|string-width|slice-ansi|wrap-ansi|ansi-)/;

/**
 * How much of a CPU profile was spent on the screen: every sample that has a file of the screen, of Ink or of React anywhere
 * in its stack, from the second the first of them ran.
 */
export function drawingShare(text: string): {
  readonly drawingMs: number;
  readonly totalMs: number;
  readonly largest: readonly string[];
} {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as Profile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const ofScreen = new Set<number>();
  const mark = (id: number, above: boolean) => {
    const node = byId.get(id);
    if (node === undefined) return;
    const inside = above || drawing.test(node.callFrame.url);
    if (inside) ofScreen.add(id);
    for (const child of node.children ?? []) mark(child, inside);
  };
  const root = nodes[0];
  if (root !== undefined) mark(root.id, false);
  const own = new Map<string, number>();
  let drawingUs = 0;
  let totalUs = 0;
  for (const [index, id] of samples.entries()) {
    const deltaUs = timeDeltas[index] ?? 0;
    totalUs += deltaUs;
    const node = byId.get(id);
    if (node === undefined || !ofScreen.has(id)) continue;
    drawingUs += deltaUs;
    const { functionName, url } = node.callFrame;
    const place = `${functionName || 'anonymous'} ${url.slice(url.lastIndexOf('/') + 1)}`;
    own.set(place, (own.get(place) ?? 0) + deltaUs);
  }
  const largest = [...own]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 12)
    .map(([place, us]) => `${place} ${(us / 1000).toFixed(0)} ms`);
  return { drawingMs: drawingUs / 1000, totalMs: totalUs / 1000, largest };
}
