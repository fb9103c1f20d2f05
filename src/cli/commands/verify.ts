import type { Outcome } from '../../base/failure.ts';
import { fail } from '../../base/failure.ts';
import type { Options } from '../arguments.ts';
import type { Surroundings } from '../surroundings.ts';

export async function verify(
  request: { readonly name: string; readonly options: Options },
  _surroundings: Surroundings,
): Promise<Outcome<number>> {
  return fail({
    code: 'invalid-input',
    message: `thaw verify ${request.name} is not there yet.`,
    remedy: 'Wait.',
    retry: 'never',
  });
}
