// The files of the networks that label a library's pictures, as they are, at addresses that the
// kernels may read weights from directly.
.macro peel_file name, file
    .section .rodata.peel_scan_\name, "a", %progbits
    .hidden peel_scan_\name\()_begin
    .hidden peel_scan_\name\()_end
    .global peel_scan_\name\()_begin
    .global peel_scan_\name\()_end
    .balign 64
peel_scan_\name\()_begin:
    .incbin "\file"
peel_scan_\name\()_end:
    .balign 64
.endm
    peel_file objects, PEEL_SCAN_OBJECTS
    peel_file faces, PEEL_SCAN_FACES
    peel_file scenes, PEEL_SCAN_SCENES
    .section .note.GNU-stack, "", %progbits
