/* Loads a SavedModel as TensorFlow Serving does, and prints what its warm-up answers.

   warm_up FOLDER

   One line for each output of each request: its number, the output's name, and all its
   values; then the line that a request without an image fails with. Messages of
   protocol buffers are walked through by hand: no library is needed but TensorFlow's. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

enum { MOST = 8 }; /* inputs or outputs of a signature, dimensions of a tensor */

typedef struct {
  const uint8_t *at, *end;
} Bytes;

typedef struct {
  uint64_t number, value;
  Bytes bytes;
} Field;

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static uint64_t varint(Bytes *message) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = *message->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

/* The next field of a message; 0 at its end. */
static int next(Bytes *message, Field *field) {
  if (message->at >= message->end) return 0;
  uint64_t key = varint(message), length = 0;
  field->number = key >> 3;
  switch (key & 7) {
    case 0: field->value = varint(message); return 1;
    case 1: length = 8; break;
    case 2: length = varint(message); break;
    case 5: length = 4; break;
    default: fail("no protocol buffer");
  }
  field->bytes = (Bytes){message->at, message->at + length};
  message->at += length;
  return 1;
}

static Bytes find(Bytes message, uint64_t number) {
  Field field;
  while (next(&message, &field))
    if (field.number == number) return field.bytes;
  return (Bytes){0, 0};
}

static int same(Bytes a, Bytes b) {
  return a.end - a.at == b.end - b.at && !memcmp(a.at, b.at, a.end - a.at);
}

/* The value of a key of a map, which is field `number` of a message. */
static Bytes lookup(Bytes message, uint64_t number, Bytes key) {
  Field field;
  while (next(&message, &field))
    if (field.number == number && same(find(field.bytes, 1), key))
      return find(field.bytes, 2);
  fail("a signature lacks a name");
  return key;
}

/* A TensorProto as a tensor. */
static TF_Tensor *tensor(Bytes proto) {
  int64_t dims[MOST], count = 1;
  int rank = 0, type = 0;
  Field field, dim;
  for (Bytes rest = proto; next(&rest, &field);) {
    if (field.number == 1) type = field.value;
    if (field.number != 2) continue;
    for (Bytes shape = field.bytes; next(&shape, &dim);) {
      Field size = {0};
      next(&dim.bytes, &size);
      count *= dims[rank++] = size.value;
    }
  }
  if (type != TF_STRING) {
    Bytes content = find(proto, 4);
    size_t length = content.end - content.at;
    TF_Tensor *made = TF_AllocateTensor(type, dims, rank, length);
    memcpy(TF_TensorData(made), content.at, length);
    return made;
  }
  TF_Tensor *made = TF_AllocateTensor(type, dims, rank, count * sizeof(TF_TString));
  TF_TString *text = TF_TensorData(made);
  for (Bytes rest = proto; next(&rest, &field);) {
    if (field.number != 8) continue;
    TF_StringInit(text);
    TF_StringCopy(text++, (const char *)field.bytes.at, field.bytes.end - field.bytes.at);
  }
  return made;
}

/* What a TensorInfo names, "operation:index". */
static TF_Output output(TF_Graph *graph, Bytes info) {
  Bytes name = find(info, 1);
  char text[512];
  snprintf(text, sizeof text, "%.*s", (int)(name.end - name.at), name.at);
  char *colon = strchr(text, ':');
  *colon = 0;
  return (TF_Output){TF_GraphOperationByName(graph, text), atoi(colon + 1)};
}

/* Runs a PredictRequest. */
static void run(TF_Graph *graph, TF_Session *session, Bytes signatures, Bytes request,
                int number, TF_Status *status) {
  TF_Output fed[MOST], fetched[MOST];
  TF_Tensor *given[MOST], *found[MOST];
  Bytes names[MOST];
  int inputs = 0, outputs = 0;
  Field field;
  Bytes signature = lookup(signatures, 5, find(find(request, 1), 3));
  while (next(&request, &field)) {
    if (field.number != 2) continue;
    fed[inputs] = output(graph, lookup(signature, 1, find(field.bytes, 1)));
    given[inputs++] = tensor(find(field.bytes, 2));
  }
  while (next(&signature, &field)) {
    if (field.number != 2) continue;
    names[outputs] = find(field.bytes, 1);
    fetched[outputs++] = output(graph, find(field.bytes, 2));
  }
  TF_SessionRun(session, NULL, fed, given, inputs, fetched, found, outputs, NULL, 0,
                NULL, status);
  for (int i = 0; i < inputs; i++) TF_DeleteTensor(given[i]);
  if (TF_GetCode(status) != TF_OK) return;
  for (int i = 0; i < outputs; i++) {
    printf("%d %.*s", number, (int)(names[i].end - names[i].at), names[i].at);
    const void *values = TF_TensorData(found[i]);
    int whole = TF_TensorType(found[i]) == TF_INT32;
    for (int64_t j = 0; j < TF_TensorElementCount(found[i]); j++)
      printf(" %.9g", whole ? ((const int32_t *)values)[j] : ((const float *)values)[j]);
    printf("\n");
    TF_DeleteTensor(found[i]);
  }
}

int main(int count, char **arguments) {
  if (count != 2) fail("warm_up FOLDER");
  const char *tags[] = {"serve"};
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_Buffer *meta = TF_NewBuffer();
  TF_SessionOptions *options = TF_NewSessionOptions();
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags,
                                                     1, graph, meta, status);
  if (TF_GetCode(status) != TF_OK) fail(TF_Message(status));
  Bytes signatures = {meta->data, (const uint8_t *)meta->data + meta->length};

  char path[4096];
  snprintf(path, sizeof path, "%s/assets.extra/tf_serving_warmup_requests",
           arguments[1]);
  FILE *file = fopen(path, "rb");
  if (!file) fail("no warm-up");
  uint64_t length;
  uint32_t checksum;
  for (int number = 0; fread(&length, 8, 1, file) == 1; number++) {
    uint8_t *record = malloc(length);
    if (fread(&checksum, 4, 1, file) != 1 || fread(record, length, 1, file) != 1 ||
        fread(&checksum, 4, 1, file) != 1)
      fail("the warm-up ends early");
    Bytes request = find(find((Bytes){record, record + length}, 6), 1);
    run(graph, session, signatures, request, number, status);
    if (TF_GetCode(status) != TF_OK) fail(TF_Message(status));
    free(record);
  }
  fclose(file);

  /* A request like those, with bytes of no image. */
  static const uint8_t bad[] = "\x0a\x11\x1a\x0fserving_default"
                               "\x12\x1f\x0a\x0bimage_bytes"
                               "\x12\x10\x08\x07\x12\x04\x12\x02\x08\x01\x42\x06no jpg";
  run(graph, session, signatures, (Bytes){bad, bad + sizeof bad - 1}, -1, status);
  printf("refused %d %.120s\n", TF_GetCode(status), TF_Message(status));

  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteBuffer(meta);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
