import { create, type DescField, type DescMessage, ScalarType, toBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect, type ScalarValue } from "@bufbuild/protobuf/reflect";

/** A message with something in every field, in bytes: what a field is called does not show, its number and type do. */
export function filledBytes(message: DescMessage): Uint8Array {
  return toBinary(message, filled(message).message);
}

function filled(desc: DescMessage): ReflectMessage {
  const message = reflect(desc, create(desc));
  for (const field of desc.fields) {
    if (field.fieldKind === "list") {
      const list = message.get(field);
      list.add(field.message === undefined ? scalarOf(field, field.scalar) : filled(field.message));
    } else message.set(field, field.message === undefined ? scalarOf(field, field.scalar) : filled(field.message));
  }
  return message;
}

/** Its own number. */
function scalarOf({ number }: DescField, scalar: ScalarType | undefined): ScalarValue {
  switch (scalar) {
    case ScalarType.STRING:
      return `${number}`;
    case ScalarType.BYTES:
      return Uint8Array.of(number);
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return BigInt(number);
    default:
      return number;
  }
}
