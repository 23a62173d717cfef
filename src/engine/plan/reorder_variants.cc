#include "src/engine/kernels/map/reorder.h"

#include "src/engine/plan/byte_operand.h"
#include "src/engine/plan/layout.h"

namespace peel::engine {

Variant ReorderVariant(const Value& value, Layout from, Layout to) {
  Variant variant;
  variant.kernel = to == Layout::kBlocked ? "plain_to_blocked" : "blocked_to_plain";
  variant.in = {from};
  variant.out = to;
  variant.strided = true;
  variant.cost = ReorderCost(value);
  if (value.type == DataType::kUint8) {
    variant.emit = [from, shape = ImageShape(*value.shape)](EmitArgs& args) -> Result<Emitted> {
      return Simple([from, shape, in = args.in[0], out = args.out[0]](const RunEnv& env) {
        RunByteReorder(shape, from, ReadBytes(in, env), WriteBytes(out, env), *env.pool);
        return OkStatus();
      });
    };
    return variant;
  }
  const auto reorder = to == Layout::kBlocked ? ToBlocked : ToPlain;
  variant.emit = [reorder, shape = ImageShape(*value.shape)](EmitArgs& args) -> Result<Emitted> {
    return Simple([reorder, shape, in = args.in[0], out = args.out[0]](const RunEnv& env) {
      reorder(shape, Read(in, env), Write(out, env), *env.pool);
      return OkStatus();
    });
  };
  return variant;
}

}  // namespace peel::engine
