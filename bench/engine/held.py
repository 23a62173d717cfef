"""Engines held to what a processor without AVX-512 has.

Peel by PEEL_CPU, and its own record of what ran (PEEL_CPU_TRACE) proves it. ONNX Runtime, OpenVINO and ncnn see a
processor whose CPUID lacks AVX-512 and AMX (mask_cpuid.py): that reaches every choice they make and changes no
code that they run. OpenVINO gets ONEDNN_MAX_CPU_ISA besides. The C library is held as well, for all alike.
"""
import os
import tempfile

import mask_cpuid
import models

C_LIBRARY = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD"


class Held:
    def __init__(self, peel, level):
        self.peel, self.level = peel, level
        self.trace = os.path.join(tempfile.mkdtemp(), "trace")
        self.masked = {}

    def environment(self, contender):
        variables = {"GLIBC_TUNABLES": C_LIBRARY}
        if contender.engine == "peel":
            if os.path.exists(self.trace):
                os.remove(self.trace)
            return dict(variables, PEEL_CPU=self.level, PEEL_CPU_TRACE=self.trace)
        if contender.engine not in self.masked:
            self.masked[contender.engine] = mask_cpuid.prepare(contender.engine,
                                                               os.path.join(models.CACHE, "masked"))
        root, answerer = self.masked[contender.engine]
        return dict(variables, BENCH_MASKED=root, BENCH_ANSWERER=answerer, ONEDNN_MAX_CPU_ISA="AVX2")

    def check(self, result):
        """Notes in a run of Peel's what its code says has run; anything but the level is an error."""
        with open(self.trace, encoding="utf-8") as trace:
            result["targets"] = sorted({line.split()[2] for line in trace})
        if result["targets"] != [self.level.upper()]:
            raise RuntimeError(f"Peel was to run {self.level} and ran {result['targets']}")
