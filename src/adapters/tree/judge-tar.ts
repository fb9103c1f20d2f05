import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { createPlaceJudge } from './place-inside.ts';
import { damagedTar, entriesOf, tarFailure } from './tar-entries.ts';

/** An archive as it was judged: whoever reads it again must find the same entries. */
export type JudgedTar = readonly { readonly name: string; readonly type: string | null }[];

/** The whole archive is looked at before the first byte is written: half an archive helps nobody. */
export async function judgeTar(request: {
  readonly file: string;
  readonly signal?: AbortSignal;
  readonly tolerated?: RegExp;
}): Promise<Outcome<JudgedTar>> {
  const { file, signal } = request;
  const judge = createPlaceJudge(request.tolerated);
  const judged: { name: string; type: string | null }[] = [];
  try {
    for await (const { header, drain } of entriesOf({ file, signal })) {
      const { name, type, linkname: linkTo, pax } = header;
      const because = judge.add({ name, type, linkTo, pax });
      if (because !== undefined) return fail(refusal(file, because));
      judged.push({ name, type });
      await drain();
    }
  } catch (error) {
    if (signal?.aborted) return fail(cancelledFailure(`look through ${file}`));
    return fail(tarFailure(file, error, `look through ${file}`));
  }
  const because = judge.conclude();
  if (because !== undefined) return fail(refusal(file, because));
  return judged.length === 0 ? fail(damagedTar(file, 'it holds no entry at all')) : succeed(judged);
}

function refusal(file: string, because: string): Failure {
  return {
    code: 'invalid-input',
    message: `${file} is refused, and nothing of it was written: ${because}.`,
    remedy: 'Choose another snapshot, and find out who made this archive.',
    retry: 'never',
  };
}
