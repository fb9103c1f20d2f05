import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** Puts an object in parts of that size, as another program would. */
export async function putInParts(
  client: S3Client,
  object: CreateMultipartUploadCommandInput & { readonly content: Buffer; readonly partBytes: number },
): Promise<void> {
  const { content, partBytes, ...begun } = object;
  const place = { Bucket: begun.Bucket, Key: begun.Key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(begun));
  const parts = [];
  for (let from = 0; from < content.length; from += partBytes) {
    const PartNumber = from / partBytes + 1;
    const Body = content.subarray(from, from + partBytes);
    const { ETag } = await client.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body }));
    parts.push({ ETag, PartNumber });
  }
  await client.send(
    new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts: parts } }),
  );
}
