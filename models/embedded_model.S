// The model's file as it is, at an address that the kernels may read weights from directly.
    .section .rodata.peel_model, "a", %progbits
    .hidden peel_embedded_model_begin
    .hidden peel_embedded_model_end
    .global peel_embedded_model_begin
    .global peel_embedded_model_end
    .balign 64
peel_embedded_model_begin:
    .incbin PEEL_MODEL_FILE
peel_embedded_model_end:
    .balign 64
    .section .note.GNU-stack, "", %progbits
